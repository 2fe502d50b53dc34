import { Args, Mutation, Resolver } from "@nestjs/graphql";
import { CurrentCaller, type Caller } from "../auth/caller.js";
import { checkForm } from "../common/check-form.js";
import { isDeviceId } from "../keys/device.js";
import { Measure } from "../metrics/measure.js";
import { DataService } from "./data.service.js";
import {
  DecryptDataInput,
  DecryptedData,
  EncryptedDataInput,
  LoadDataInput,
  LoadedData,
  ReencryptedData,
  StoreDataInput,
  StoredData,
} from "./data.types.js";

@Resolver()
export class DataResolver {
  constructor(
    private readonly service: DataService,
    private readonly measure: Measure,
  ) {}

  @Mutation(() => DecryptedData, { description: "Decrypts data, under a key that comes along." })
  async decryptData(
    @CurrentCaller() { userId }: Caller,
    @Args("input") { payload: ciphertext, payloadKeyId: keyId, ...data }: DecryptDataInput,
  ): Promise<DecryptedData> {
    return { answer: await this.service.decrypt(userId, data, { keyId, ciphertext }) };
  }

  @Mutation(() => ReencryptedData, {
    description: "Encrypts data under the device's present key, before the old one is destroyed.",
  })
  reencryptData(
    @CurrentCaller() { userId }: Caller,
    @Args("input") data: EncryptedDataInput,
  ): Promise<ReencryptedData> {
    return this.measure.run({ operation: "reencrypt", userId }, () =>
      this.service.reencrypt(userId, data),
    );
  }

  @Mutation(() => StoredData, { description: "Stores data by a name, in place of what was there." })
  storeData(
    @CurrentCaller() { userId }: Caller,
    @Args("input") { name, payload, payloadKeyId, ...data }: StoreDataInput,
  ): Promise<StoredData> {
    return this.measure.run({ operation: "store", userId }, async () => {
      checkForm("name", isDeviceId(name));
      const request = { keyId: payloadKeyId, ciphertext: payload };
      return { storedAt: await this.service.keep(userId, name, data, request) };
    });
  }

  @Mutation(() => LoadedData, { description: "What was stored, under the device's present key." })
  loadData(
    @CurrentCaller() { userId }: Caller,
    @Args("input") { name, deviceId }: LoadDataInput,
  ): Promise<LoadedData> {
    return this.measure.run({ operation: "load", userId }, async () => {
      checkForm("name", isDeviceId(name));
      checkForm("deviceId", isDeviceId(deviceId));
      return this.service.load(userId, deviceId, name);
    });
  }

  @Mutation(() => Boolean, { description: "Deletes what was stored; false if there was nothing." })
  deleteData(@CurrentCaller() { userId }: Caller, @Args("name") name: string): Promise<boolean> {
    return this.measure.run({ operation: "delete", userId }, async () => {
      checkForm("name", isDeviceId(name));
      return this.service.remove(userId, name);
    });
  }
}
