import { Module } from "@nestjs/common";
import { GenerationLimits } from "../limits/generation-limits.js";
import { Devices } from "./devices.js";
import { KeyIssuer } from "./key-issuer.js";
import { KeyStore } from "./key-store.js";
import { PayloadDecryptor } from "./payload-decryptor.js";
import { KeysResolver } from "./keys.resolver.js";

@Module({
  providers: [GenerationLimits, Devices, KeyStore, KeyIssuer, PayloadDecryptor, KeysResolver],
  exports: [KeyStore, PayloadDecryptor],
})
export class KeysModule {}
