import { Args, Mutation, Resolver } from "@nestjs/graphql";
import { CurrentCaller, type Caller } from "../auth/caller.js";
import { Measure } from "../metrics/measure.js";
import { checkForm } from "../common/check-form.js";
import { isDeviceId } from "./device.js";
import type { ClientKey } from "./client-key.js";
import { KeyIssuer } from "./key-issuer.js";
import { ClientEncryptionKey, GenerateClientEncryptionKeyInput } from "./keys.types.js";

@Resolver(() => ClientEncryptionKey)
export class KeysResolver {
  constructor(
    private readonly issuer: KeyIssuer,
    private readonly measure: Measure,
  ) {}

  @Mutation(() => ClientEncryptionKey, {
    description: "The key of a device: the valid one again, or a new one.",
  })
  async generateClientEncryptionKey(
    @CurrentCaller() caller: Caller,
    @Args("input") input: GenerateClientEncryptionKeyInput,
  ): Promise<ClientEncryptionKey> {
    return this.issue("generate", caller, input);
  }

  @Mutation(() => ClientEncryptionKey, {
    description: "A new key for a device; the one before it still decrypts for a while.",
  })
  async rotateClientEncryptionKey(
    @CurrentCaller() caller: Caller,
    @Args("input") input: GenerateClientEncryptionKeyInput,
  ): Promise<ClientEncryptionKey> {
    return this.issue("rotate", caller, input);
  }

  private issue(
    operation: "generate" | "rotate",
    caller: Caller,
    { deviceId, appVersion }: GenerateClientEncryptionKeyInput,
  ): Promise<ClientEncryptionKey> {
    return this.measure.run({ operation, userId: caller.userId }, async (details) => {
      checkForm("deviceId", isDeviceId(deviceId));
      checkForm("appVersion", /^[\x20-\x7e]{1,64}$/.test(appVersion));
      details.deviceId = deviceId;
      const key = await this.issuer[operation](caller, deviceId, appVersion);
      details.keyId = key.id;
      return answer(key);
    });
  }
}

function answer(key: Pick<ClientKey, "id" | "publicKey" | "expiresAt" | "algorithm">) {
  const { id: keyId, publicKey, expiresAt, algorithm } = key;
  return { keyId, publicKey, expiresAt, algorithm };
}
