import { type DeviceKey, encryptFor } from "./device-key.js";
import { DeviceKeys } from "./device-keys.js";
import { KEY_GONE, KeyServiceError, MAY_BE_DONE, NO_ANSWER, TRY_LATER } from "./errors.js";
import {
  type Credential,
  GENERATE,
  type Mutation,
  PASSCODE,
  REGISTER,
  ROTATE,
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

export interface SetOptions extends CallOptions {
  /** The secret that is set already, which is needed to set another. */
  current?: string;
}

const DEFAULTS = { timeoutMs: 10_000, attempts: 4, firstPauseMs: 250, longestPauseMs: 5_000 };

/** Encrypts what a person types for the service alone, under a key that it keeps for this device. */
export class KeyServiceClient {
  readonly #retry: RetryOptions;
  readonly #transport: Transport;
  readonly #keys: DeviceKeys;

  constructor({ deviceId, appVersion, ...options }: ClientOptions) {
    const fetch = (...request: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...request);
    this.#retry = { ...DEFAULTS, ...options };
    this.#transport = new Transport({ fetch, ...DEFAULTS, ...options });
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

  verifyPin(pin: string, options: CallOptions = {}): Promise<Verification> {
    return this.#submit(TRANSACTION_PIN, "verify", pin, options);
  }

  /** Encrypts and sends; once more if the key is gone, or if this device's clock was wrong. */
  async #submit<T>(
    credential: Credential,
    action: "set" | "verify",
    secret: string,
    options: SetOptions,
  ): Promise<T> {
    const encryptAndSend = async (key: DeviceKey) => {
      const input = await this.#inputFor(key, credential, action, secret, options.current);
      return this.#sendOnce<T>(credential[action], input, options);
    };
    const key = await this.#keys.get(options.signal);
    try {
      return await encryptAndSend(key);
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      if (KEY_GONE.has(error.code)) await this.#keys.forget(key);
      else if (error.code === "KEY_UNUSABLE") await this.#keys.rotate(options.signal);
      else if (error.code !== "PAYLOAD_EXPIRED") throw error;
      return encryptAndSend(await this.#keys.get(options.signal));
    }
  }

  async #inputFor(
    key: DeviceKey,
    credential: Credential,
    action: "set" | "verify",
    secret: string,
    current: string | undefined,
  ): Promise<object> {
    const { passwordAuthType, payload, currentPayload } = credential;
    const encrypt = (text: string, { field }: Mutation) =>
      encryptFor(key, { operation: field, secret: text, issuedAt: this.#transport.now() });
    return {
      keyId: key.keyId,
      passwordAuthType,
      [payload]: await encrypt(secret, credential[action]),
      // The current secret proves itself as it does in verifying.
      ...(current !== undefined && { [currentPayload]: await encrypt(current, credential.verify) }),
    };
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
