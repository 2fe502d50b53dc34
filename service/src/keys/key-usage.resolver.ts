import { Args, ID, Query, Resolver } from "@nestjs/graphql";
import { Roles } from "../auth/auth.guard.js";
import { CurrentCaller, isUserId, type Caller } from "../auth/caller.js";
import { checkForm } from "../common/check-form.js";
import { ServiceError } from "../common/service-error.js";
import { KeyUsage } from "./key-usage.js";
import { DeviceUsage, UsedKey } from "./key-usage.types.js";
import { isDeviceId } from "./device.js";

@Resolver()
export class KeyUsageResolver {
  constructor(private readonly usage: KeyUsage) {}

  @Query(() => [UsedKey], {
    description: "The caller's keys and how often each was used, the latest first; at most 200.",
  })
  clientEncryptionKeys(
    @CurrentCaller() caller: Caller,
    @Args("deviceId", { type: () => ID, nullable: true }) deviceId?: string | null,
    @Args("userId", {
      type: () => ID,
      nullable: true,
      description: "Whose; for administrators.",
    })
    userId?: string | null,
  ): Promise<UsedKey[]> {
    const owner = userId ?? caller.userId;
    checkForm("userId", isUserId(owner));
    if (deviceId != null) checkForm("deviceId", isDeviceId(deviceId));
    if (owner !== caller.userId && !caller.roles.has("admin")) {
      throw new ServiceError("FORBIDDEN", "The keys of another user are for the role admin.");
    }
    return this.usage.keysOf(owner, deviceId ?? undefined);
  }

  @Roles("metrics")
  @Query(() => DeviceUsage, {
    description: "When a device uses its keys. Needs the role `metrics` or `admin`.",
  })
  deviceUsage(@Args("deviceId", { type: () => ID }) deviceId: string): Promise<DeviceUsage> {
    checkForm("deviceId", isDeviceId(deviceId));
    return this.usage.ofDevice(deviceId);
  }
}
