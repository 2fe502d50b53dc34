import { KeyServiceError } from "./errors.js";
import { type DeviceKey, readDeviceKey } from "./device-key.js";

/** A key is renewed this long before its end, so that no payload comes too late. */
const RENEW_AHEAD_MS = 60_000;

interface Source {
  generate(): Promise<Record<keyof DeviceKey, string>>;
  rotate(): Promise<Record<keyof DeviceKey, string>>;
  now(): Date;
}

/** The device's current key: asked for once, however many callers want it. */
export class DeviceKeys {
  #current: Promise<DeviceKey> | undefined;

  constructor(private readonly source: Source) {}

  async get(signal?: AbortSignal): Promise<DeviceKey> {
    const known = this.#current;
    if (known && this.#lasts(await abortable(known, signal))) return known;
    // Another caller may have asked in the meantime.
    if (this.#current === known) this.#remember(this.#generate());
    return abortable(this.#current!, signal);
  }

  async rotate(signal?: AbortSignal): Promise<DeviceKey> {
    return abortable(this.#remember(this.source.rotate()), signal);
  }

  /** Forgets this key, unless another has taken its place. */
  async forget(key: DeviceKey): Promise<void> {
    const known = this.#current;
    if ((await known)?.keyId === key.keyId && this.#current === known) this.#current = undefined;
  }

  /** Where the stored key is of no use, another one is made: what the service says to do. */
  #generate(): Promise<Record<keyof DeviceKey, string>> {
    return this.source.generate().catch((error: unknown) => {
      if (error instanceof KeyServiceError && error.code === "KEY_UNUSABLE") {
        return this.source.rotate();
      }
      throw error;
    });
  }

  #remember(answer: Promise<Record<keyof DeviceKey, string>>): Promise<DeviceKey> {
    const key = answer.then(readDeviceKey);
    this.#current = key;
    key.catch(() => {
      if (this.#current === key) this.#current = undefined;
    });
    return key;
  }

  #lasts({ expiresAt }: DeviceKey): boolean {
    return expiresAt.getTime() - RENEW_AHEAD_MS > this.source.now().getTime();
  }
}

/** Ends the wait of one caller; what it waited for goes on for the others. */
function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
