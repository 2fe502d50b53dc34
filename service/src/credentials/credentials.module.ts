import { Module } from "@nestjs/common";
import { PayloadsModule } from "../payloads/payloads.module.js";
import { ReceiptsModule } from "../receipts/receipts.module.js";
import { Attempts } from "./attempts.js";
import { CredentialChanges } from "./credential-changes.js";
import { CredentialChecks } from "./credential-checks.js";
import { CredentialLocks } from "./credential-locks.js";
import { CredentialStore } from "./credential-store.js";
import { CredentialsResolver } from "./credentials.resolver.js";
import { Hasher } from "./hasher.js";
import { NewSecrets } from "./new-secrets.js";
import { SecretRules } from "./secret-rules.js";
import { SecretVerifier } from "./secret-verifier.js";

@Module({
  imports: [PayloadsModule, ReceiptsModule],
  providers: [
    Attempts,
    CredentialLocks,
    CredentialStore,
    Hasher,
    SecretRules,
    SecretVerifier,
    NewSecrets,
    CredentialChanges,
    CredentialChecks,
    CredentialsResolver,
  ],
  exports: [CredentialLocks],
})
export class CredentialsModule {}
