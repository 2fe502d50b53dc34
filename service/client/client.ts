import { type DeviceKey, encryptCurrent, encryptFor, toBase64 } from "./device-key.js";
import { DeviceKeys } from "./device-keys.js";
import { KEY_GONE, KeyServiceError, MAY_BE_DONE, NO_ANSWER, TRY_LATER } from "./errors.js";
import { decryptAnswer, digestOf, encryptForKey } from "./jwe.js";
import {
  type Credential,
  DECRYPT_DATA,
  GENERATE,
  LOAD_DATA,
  type Mutation,
  type PinVerification,
  PASSCODE,
  REENCRYPT_DATA,
  REGISTER,
  ROTATE,
  STORE_DATA,
  TRANSACTION_PIN,
  type Verification,
} from "./mutations.js";
import { type RetryOptions, retrying } from "./retry.js";
import { Transport, type TransportOptions } from "./transport.js";

export type ClientOptions = Pick<TransportOptions, "url" | "token"> &
  Partial<TransportOptions & RetryOptions> & {
    /** Made once for each installation: the service keeps one key for each device. */
    deviceId: string;
    appVersion: string;
  };

export interface CallOptions {
  signal?: AbortSignal;
}

/** Data that was encrypted, and the key that it is under. */
export interface EncryptedData {
  keyId: string;
  data: string;
}

export interface SetOptions extends CallOptions {
  /** The secret that is set already, which is needed to set another. */
  current?: string;
}

export interface ConfirmOptions extends CallOptions {
  /** What the person confirms, in the very bytes that the backend has: the receipt is for its SHA-256. */
  transaction?: string | Uint8Array;
}

interface SubmitOptions extends SetOptions {
  txn?: string;
}

const DEFAULTS = { timeoutMs: 10_000, attempts: 4, firstPauseMs: 250, longestPauseMs: 5_000 };

/** Encrypts what a person types for the service alone, under a key that it keeps for this device. */
export class KeyServiceClient {
  readonly #retry: RetryOptions;
  readonly #transport: Transport;
  readonly #keys: DeviceKeys;
  readonly #deviceId: string;

  constructor({ deviceId, appVersion, ...options }: ClientOptions) {
    const fetch = (...request: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...request);
    this.#retry = { ...DEFAULTS, ...options };
    this.#transport = new Transport({ fetch, ...DEFAULTS, ...options });
    this.#deviceId = deviceId;
    const input = { deviceId, appVersion };
    this.#keys = new DeviceKeys({
      generate: () => this.#send(GENERATE, input, {}),
      // Not sent twice: each rotation counts against the device's limit.
      rotate: () => this.#transport.request(ROTATE, input),
      now: () => this.#transport.now(),
    });
  }

  /** A new device of the user, to be kept by the application: its id is chosen by the service. */
  static async register({
    appVersion,
    ...options
  }: Omit<ClientOptions, "deviceId">): Promise<string> {
    const client = new KeyServiceClient({ ...options, appVersion, deviceId: "" });
    // Not sent twice: what is registered and not heard of is a device that nobody uses.
    const { deviceId } = await client.#transport.request<{ deviceId: string }>(REGISTER, {
      appVersion,
    });
    return deviceId;
  }

  /** The device's public key: asked for once, and again when it is about to end. */
  key({ signal }: CallOptions = {}): Promise<DeviceKey> {
    return this.#keys.get(signal);
  }

  /** Asks for a new key; what was encrypted under the old one is taken for a while longer. */
  rotateKey({ signal }: CallOptions = {}): Promise<DeviceKey> {
    return this.#keys.rotate(signal);
  }

  async setPasscode(passcode: string, options: SetOptions = {}): Promise<void> {
    await this.#submit(PASSCODE, "set", passcode, options);
  }

  verifyPasscode(passcode: string, options: CallOptions = {}): Promise<Verification> {
    return this.#submit(PASSCODE, "verify", passcode, options);
  }

  async setPin(pin: string, options: SetOptions = {}): Promise<void> {
    await this.#submit(TRANSACTION_PIN, "set", pin, options);
  }

  async verifyPin(
    pin: string,
    { transaction, ...options }: ConfirmOptions = {},
  ): Promise<PinVerification> {
    const txn = transaction === undefined ? undefined : await digestOf(transaction);
    return this.#submit(TRANSACTION_PIN, "verify", pin, { ...options, txn });
  }

  /** Encrypts data under the device's key: keep it where you like, and decrypt it before the key is destroyed. */
  async encryptData(data: Uint8Array, { signal }: CallOptions = {}): Promise<EncryptedData> {
    const key = await this.#keys.get(signal);
    return { keyId: key.keyId, data: await encryptForKey(data, key) };
  }

  /** Asks the service to decrypt; the answer is encrypted for this call alone. */
  async decryptData(
    { keyId, data }: EncryptedData,
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    const answerKey = crypto.getRandomValues(new Uint8Array(32));
    try {
      const { answer } = await this.#sendWithPayload<{ answer: string }>(
        DECRYPT_DATA,
        { keyId, data },
        toBase64(answerKey),
        options,
      );
      return await decryptAnswer(answer, answerKey, data);
    } finally {
      answerKey.fill(0);
    }
  }

  /** The same data under the key that the device has now: do this after a rotation with what you keep. */
  async reencryptData({ keyId, data }: EncryptedData, options: CallOptions = {}) {
    const send = () => this.#send<EncryptedData>(REENCRYPT_DATA, { keyId, data }, options);
    return this.#withKey(send, options);
  }

  /** Lets the service keep data by a name, in place of what was there. */
  async storeData(name: string, data: Uint8Array, options: CallOptions = {}): Promise<void> {
    const encrypted = await this.encryptData(data, options);
    const digest = await digestOf(`${name}\n${encrypted.data}`);
    await this.#sendWithPayload(STORE_DATA, { name, ...encrypted }, digest, options);
  }

  /** What was stored by a name, whatever has become of the key that it was encrypted under. */
  async loadData(name: string, options: CallOptions = {}): Promise<Uint8Array> {
    const input = { name, deviceId: this.#deviceId };
    const load = () => this.#send<EncryptedData>(LOAD_DATA, input, options);
    return this.decryptData(await this.#withKey(load, options), options);
  }

  /** Sends data with a payload of its own, under the device's present key if the data's is another. */
  async #sendWithPayload<T>(
    mutation: Mutation,
    input: EncryptedData & { name?: string },
    secret: string,
    options: CallOptions,
  ): Promise<T> {
    return this.#withKey(async (key) => {
      const operation = mutation.field;
      const issuedAt = this.#transport.now();
      const payload = await encryptFor(key, { operation, secret, issuedAt });
      return this.#sendOnce<T>(mutation, { ...input, payloadKeyId: key.keyId, payload }, options);
    }, options);
  }

  /** Does it with the device's key; once more with another if that is gone, or the clock was wrong. */
  async #withKey<T>(work: (key: DeviceKey) => Promise<T>, { signal }: CallOptions): Promise<T> {
    const key = await this.#keys.get(signal);
    try {
      return await work(key);
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      if (KEY_GONE.has(error.code)) await this.#keys.forget(key);
      else if (error.code === "KEY_UNUSABLE") await this.#keys.rotate(signal);
      else if (error.code !== "PAYLOAD_EXPIRED") throw error;
      return work(await this.#keys.get(signal));
    }
  }

  #submit<T>(
    credential: Credential,
    action: "set" | "verify",
    secret: string,
    options: SubmitOptions,
  ): Promise<T> {
    return this.#withKey(async (key) => {
      const input = await this.#inputFor(key, credential, action, secret, options);
      return this.#sendOnce<T>(credential[action], input, options);
    }, options);
  }

  async #inputFor(
    key: DeviceKey,
    credential: Credential,
    action: "set" | "verify",
    secret: string,
    { current, txn }: SubmitOptions,
  ): Promise<object> {
    const { passwordAuthType, payload, currentPayload } = credential;
    const operation = credential[action].field;
    const issuedAt = this.#transport.now();
    const encrypted = await encryptFor(key, { operation, secret, issuedAt, txn });
    const input = { keyId: key.keyId, passwordAuthType, [payload]: encrypted };
    if (current === undefined) return input;
    const replacement = await digestOf(encrypted);
    const proof = { operation: credential.change, secret: current, replacement };
    return { ...input, [currentPayload]: await encryptCurrent(key, proof) };
  }

  /**
   * Sends one payload until it is answered. The service takes it once, so that no attempt counts
   * twice; if it was taken and the answer was lost, the caller is told so.
   */
  async #sendOnce<T>(mutation: Mutation, input: object, options: CallOptions): Promise<T> {
    let unheard = false;
    const noteError = ({ code }: KeyServiceError) => (unheard ||= MAY_BE_DONE.has(code));
    try {
      return await this.#send<T>(mutation, input, options, noteError);
    } catch (cause) {
      const taken = cause instanceof KeyServiceError && cause.code === "PAYLOAD_REPLAYED";
      if (!unheard || !taken) throw cause;
      const message = "the service took this secret, but its answer was lost: ask for it again";
      throw new KeyServiceError("OUTCOME_UNKNOWN", message, { cause });
    }
  }

  #send<T>(
    mutation: Mutation,
    input: object,
    { signal }: CallOptions,
    noteError?: (error: KeyServiceError) => void,
  ): Promise<T> {
    const send = () => this.#transport.request<T>(mutation, input, signal);
    const isRetried = ({ code }: KeyServiceError) => NO_ANSWER.has(code) || TRY_LATER.has(code);
    return retrying(this.#retry, send, { isRetried, noteError, signal });
  }
}
