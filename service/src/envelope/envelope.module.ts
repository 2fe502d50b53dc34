import { Global, Module } from "@nestjs/common";
import { Integrity } from "./integrity.js";
import { Sealer } from "./sealer.js";
import { ServiceSecrets } from "./service-secrets.js";
import { ServiceSecretsResolver } from "./service-secrets.resolver.js";

/** The one place that knows `kms-envelope`. */
@Global()
@Module({
  providers: [Sealer, ServiceSecrets, ServiceSecretsResolver, Integrity],
  exports: [Sealer, ServiceSecrets, Integrity],
})
export class EnvelopeModule {}
