import { Global, Module, type DynamicModule } from "@nestjs/common";
import type { Envelope } from "kms-envelope";
import { EnvelopeModule as Envelopes, envelopeToken } from "kms-envelope/nest";
import type { Config } from "../config/config.js";
import { Integrity } from "./integrity.js";
import { envelopeOptions } from "./keyrings.js";
import { OPENING, SEALING, Sealer } from "./sealer.js";
import { ServiceSecrets } from "./service-secrets.js";
import { ServiceSecretsResolver } from "./service-secrets.resolver.js";

/** The one place that knows `kms-envelope`. */
@Global()
@Module({
  providers: [Sealer, ServiceSecrets, ServiceSecretsResolver, Integrity],
  exports: [Sealer, ServiceSecrets, Integrity],
})
export class EnvelopeModule {
  static for(config: Config): DynamicModule {
    const { sealing, opening } = envelopeOptions(config);
    return {
      module: EnvelopeModule,
      imports: [
        // Opening the secrets of the service checks its keys, with errors that say so.
        Envelopes.forRoot({ name: SEALING, check: false, ...sealing }),
        Envelopes.forRootAsync({
          name: OPENING,
          inject: [envelopeToken(SEALING)],
          useFactory: (same: Envelope) => (opening ? { check: false, ...opening } : same),
        }),
      ],
    };
  }
}
