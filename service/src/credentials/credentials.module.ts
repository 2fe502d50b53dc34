import { Module } from "@nestjs/common";
import { PayloadsModule } from "../payloads/payloads.module.js";
import { ReceiptsModule } from "../receipts/receipts.module.js";
import { Attempts } from "./attempts.js";
import { CredentialLocks } from "./credential-locks.js";
import { CredentialStore } from "./credential-store.js";
import { CredentialsResolver } from "./credentials.resolver.js";
import { CredentialsService } from "./credentials.service.js";
import { Hasher } from "./hasher.js";
import { SecretRules } from "./secret-rules.js";

@Module({
  imports: [PayloadsModule, ReceiptsModule],
  providers: [
    Attempts,
    CredentialLocks,
    CredentialStore,
    Hasher,
    SecretRules,
    CredentialsService,
    CredentialsResolver,
  ],
  exports: [CredentialLocks],
})
export class CredentialsModule {}
