import { Module } from "@nestjs/common";
import { GenerationLimits } from "../limits/generation-limits.js";
import { RegistrationLimits } from "../limits/registration-limits.js";
import { DeviceChanges } from "./device-changes.js";
import { DeviceList } from "./device-list.js";
import { DeviceRegistration } from "./device-registration.js";
import { Devices } from "./devices.js";
import { DevicesResolver } from "./devices.resolver.js";
import { Generations } from "./generations.js";
import { KeyIssuer } from "./key-issuer.js";
import { KeyMaker } from "./key-maker.js";
import { KeyUsage } from "./key-usage.js";
import { KeyUsageResolver } from "./key-usage.resolver.js";
import { LifeCycle } from "./life-cycle.js";
import { KeyStore } from "./key-store.js";
import { KeysResolver } from "./keys.resolver.js";
import { PrivateKeys } from "./private-keys.js";

@Module({
  providers: [
    GenerationLimits,
    RegistrationLimits,
    Devices,
    DeviceChanges,
    DeviceList,
    DeviceRegistration,
    DevicesResolver,
    KeyStore,
    PrivateKeys,
    LifeCycle,
    Generations,
    KeyMaker,
    KeyIssuer,
    KeysResolver,
    KeyUsage,
    KeyUsageResolver,
  ],
  exports: [DeviceList, Devices, KeyStore, KeyUsage, LifeCycle, PrivateKeys],
})
export class KeysModule {}
