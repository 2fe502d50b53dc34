import { Module } from "@nestjs/common";
import { GenerationLimits } from "../limits/generation-limits.js";
import { DeviceOwners } from "./device-owners.js";
import { Devices } from "./devices.js";
import { DevicesResolver } from "./devices.resolver.js";
import { KeyIssuer } from "./key-issuer.js";
import { LifeCycle } from "./life-cycle.js";
import { KeyStore } from "./key-store.js";
import { PayloadDecryptor } from "./payload-decryptor.js";
import { KeysResolver } from "./keys.resolver.js";

@Module({
  providers: [
    GenerationLimits,
    Devices,
    DeviceOwners,
    DevicesResolver,
    KeyStore,
    LifeCycle,
    KeyIssuer,
    PayloadDecryptor,
    KeysResolver,
  ],
  exports: [KeyStore, LifeCycle, PayloadDecryptor],
})
export class KeysModule {}
