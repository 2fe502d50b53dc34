import { constants, createHash, publicEncrypt, randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../../src/common/clock.js";
import type { GraphQLAnswer, TestService } from "./app.js";

export interface DeviceKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly expiresAt: string;
  readonly algorithm: string;
}

type Operation =
  "setUserPasscode" | "verifyUserPasscode" | "setTransactionPin" | "verifyTransactionPin";

const MUTATIONS: Record<Operation, [input: string, fields: string]> = {
  setUserPasscode: ["SetUserPasscodeInput", "setAt"],
  verifyUserPasscode: [
    "VerifyUserPasscodeInput",
    "verified retryAfterSeconds failedAttempts lastFailedAt",
  ],
  setTransactionPin: ["SetTransactionPinInput", "setAt"],
  verifyTransactionPin: [
    "VerifyTransactionPinInput",
    "verified retryAfterSeconds failedAttempts lastFailedAt receipt",
  ],
};

type Changing = "setUserPasscode" | "setTransactionPin";

/** How the current secret comes along. */
const CHANGES: Record<Changing, { operation: string; field: string }> = {
  setUserPasscode: { operation: "changeUserPasscode", field: "encryptedCurrentPasscode" },
  setTransactionPin: { operation: "changeTransactionPin", field: "encryptedCurrentPin" },
};

type Service = Pick<TestService, "graphql"> & { readonly clock: Clock };

/** A device as docs/protocol.md has it, written without the client module, to test with. */
export class Device {
  constructor(
    private readonly service: Service,
    readonly token: string,
    readonly deviceId: string,
  ) {}

  /** A new device of a user, by default of a new one. */
  static async of(
    service: TestService,
    user: string = randomUUID(),
    ...roles: string[]
  ): Promise<Device> {
    return new Device(service, await service.token(user, ...roles), randomUUID());
  }

  generate(): Promise<GraphQLAnswer> {
    return this.ask("generateClientEncryptionKey");
  }

  rotate(): Promise<GraphQLAnswer> {
    return this.ask("rotateClientEncryptionKey");
  }

  /** The key, or what the service said instead. */
  async key(): Promise<DeviceKey> {
    const { data, errors } = await this.generate();
    if (errors) throw new Error(errors[0]!.extensions.code);
    return data.generateClientEncryptionKey;
  }

  /** Encrypts a secret under the device's key and sends it, with more in its input or its payload. */
  async submit(
    operation: Operation,
    secret: string,
    more: object = {},
    inPayload: object = {},
  ): Promise<GraphQLAnswer> {
    return this.submitUnder(await this.key(), operation, secret, more, inPayload);
  }

  /** As `submit`, under a key that the device has got before. */
  submitUnder(
    key: DeviceKey,
    operation: Operation,
    secret: string,
    more: object = {},
    inPayload: object = {},
  ): Promise<GraphQLAnswer> {
    const payload = this.encrypt(key, operation, secret, inPayload);
    return this.send(operation, { keyId: key.keyId, payload }, more);
  }

  /** The secret, with the current one in a payload that is bound to it. */
  async change(operation: Changing, secret: string, current: string): Promise<GraphQLAnswer> {
    const key = await this.key();
    const payload = this.encrypt(key, operation, secret);
    const proof = this.encryptCurrent(key, operation, current, payload);
    return this.send(operation, { keyId: key.keyId, payload }, proof);
  }

  /** The current secret for one payload that replaces it, as the input has it. */
  encryptCurrent(key: DeviceKey, changing: Changing, secret: string, payload: string) {
    const { operation, field } = CHANGES[changing];
    const replacement = createHash("sha256").update(payload).digest("base64url");
    const content = JSON.stringify({ operation, secret, replacement });
    return { [field]: encryptText(key.publicKey, content) };
  }

  send(
    operation: Operation,
    { keyId, payload }: { keyId: string; payload: string },
    more: object = {},
  ): Promise<GraphQLAnswer> {
    const [input, fields] = MUTATIONS[operation];
    const passcode = operation.endsWith("Passcode");
    const query = `mutation ($input: ${input}!) { ${operation}(input: $input) { ${fields} } }`;
    const variables = {
      keyId,
      [passcode ? "encryptedPasscode" : "encryptedPin"]: payload,
      passwordAuthType: passcode ? "PASSCODE" : "TRANSACTION_PIN",
      ...more,
    };
    return this.service.graphql(query, { input: variables }, this.token);
  }

  encrypt(key: DeviceKey, operation: string, secret: string, changes: object = {}): string {
    const nonce = randomBytes(16).toString("base64");
    const issuedAt = this.service.clock.now().toISOString();
    return encryptText(
      key.publicKey,
      JSON.stringify({ operation, secret, nonce, issuedAt, ...changes }),
    );
  }

  private ask(mutation: "generateClientEncryptionKey" | "rotateClientEncryptionKey") {
    const query = `mutation ($input: GenerateClientEncryptionKeyInput!) {
      ${mutation}(input: $input) { keyId publicKey expiresAt algorithm }
    }`;
    const input = { deviceId: this.deviceId, appVersion: "1.0.0" };
    return this.service.graphql(query, { input }, this.token);
  }
}

export function encryptText(publicKey: string, text: string): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const key = { key: publicKey, padding, oaepHash: "sha256" };
  return publicEncrypt(key, Buffer.from(text)).toString("base64");
}

/** The code of the only error. */
export function codeOf(answer: GraphQLAnswer): string | undefined {
  return answer.errors?.length === 1 ? answer.errors[0]!.extensions.code : undefined;
}
