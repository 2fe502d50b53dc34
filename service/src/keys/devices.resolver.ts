import {
  Args,
  Field,
  GraphQLISODateTime,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from "@nestjs/graphql";
import { CurrentCaller, isUserId, type Caller } from "../auth/caller.js";
import { checkForm } from "../common/check-form.js";
import { ServiceError } from "../common/service-error.js";
import { Measure } from "../metrics/measure.js";
import type { OperationRecord } from "../metrics/metrics-recorder.js";
import { isDeviceId, type Device } from "./device.js";
import { DeviceChanges } from "./device-changes.js";
import { DeviceList } from "./device-list.js";
import { DeviceRegistration } from "./device-registration.js";

@ObjectType("Device", { description: "A device, and whose it is." })
export class DeviceType {
  @Field(() => ID)
  deviceId!: string;

  @Field(() => ID)
  userId!: string;

  @Field(() => String)
  appVersion!: string;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  revokedAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  releasedAt!: Date | null;
}

@InputType()
export class RegisterDeviceInput {
  @Field(() => String, { description: "1 to 64 printable characters." })
  appVersion!: string;
}

/** For owners; administrators may do it with the devices of everybody. */
@Resolver(() => DeviceType)
export class DevicesResolver {
  constructor(
    private readonly list: DeviceList,
    private readonly registration: DeviceRegistration,
    private readonly changes: DeviceChanges,
    private readonly measure: Measure,
  ) {}

  @Query(() => [DeviceType], { description: "The caller's devices, or those of a user." })
  async devices(
    @CurrentCaller() caller: Caller,
    @Args("userId", { type: () => ID, nullable: true }) userId?: string,
  ): Promise<DeviceType[]> {
    const owner = userId ?? caller.userId;
    checkForm("userId", isUserId(owner));
    if (owner !== caller.userId && !caller.roles.has("admin")) {
      throw new ServiceError("FORBIDDEN", "The devices of others need the role admin.");
    }
    return (await this.list.of(owner)).map(answer);
  }

  @Mutation(() => DeviceType, { description: "A new device, whose id the service chooses." })
  async registerDevice(
    @CurrentCaller() caller: Caller,
    @Args("input") { appVersion }: RegisterDeviceInput,
  ): Promise<DeviceType> {
    checkForm("appVersion", /^[\x20-\x7e]{1,64}$/.test(appVersion));
    return this.run("register-device", caller, () =>
      this.registration.register(caller.userId, appVersion),
    );
  }

  @Mutation(() => DeviceType, { description: "Ends a device that was lost, with all its keys." })
  async revokeDevice(
    @CurrentCaller() caller: Caller,
    @Args("deviceId", { type: () => ID }) deviceId: string,
  ): Promise<DeviceType> {
    checkForm("deviceId", isDeviceId(deviceId));
    return this.run("revoke-device", caller, () => this.changes.revoke(caller, deviceId));
  }

  @Mutation(() => DeviceType, { description: "Gives a device up, for whoever uses it next." })
  async releaseDevice(
    @CurrentCaller() caller: Caller,
    @Args("deviceId", { type: () => ID }) deviceId: string,
  ): Promise<DeviceType> {
    checkForm("deviceId", isDeviceId(deviceId));
    return this.run("release-device", caller, () => this.changes.release(caller, deviceId));
  }

  @Mutation(() => DeviceType, { description: "Gives a device to another user." })
  async transferDevice(
    @CurrentCaller() caller: Caller,
    @Args("deviceId", { type: () => ID }) deviceId: string,
    @Args("userId", { type: () => ID }) userId: string,
  ): Promise<DeviceType> {
    checkForm("deviceId", isDeviceId(deviceId));
    checkForm("userId", isUserId(userId));
    return this.run("transfer-device", caller, () =>
      this.changes.transfer(caller, deviceId, userId),
    );
  }

  /** The audit log has the device, and whose it is by then. */
  private run(
    operation: OperationRecord["operation"],
    { userId }: Caller,
    work: () => Promise<Device>,
  ): Promise<DeviceType> {
    return this.measure.run({ operation, userId }, async (details) => {
      const device = await work();
      details.deviceId = device.id;
      if (device.userId !== userId) details.subjectId = device.userId;
      return answer(device);
    });
  }
}

function answer({ id: deviceId, ...device }: Device): DeviceType {
  const { userId, appVersion, createdAt, revokedAt, releasedAt } = device;
  return { deviceId, userId, appVersion, createdAt, revokedAt, releasedAt };
}
