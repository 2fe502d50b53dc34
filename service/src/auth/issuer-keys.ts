import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { MINUTE, SECOND } from "../common/durations.js";
import type { Log } from "../logging/log.js";

/** Keys that are older than this are fetched anew in the background, so that removed ones die soon. */
const FRESH_MS = MINUTE;
/** Keys that are older are not used before the issuer was asked. */
const MAX_AGE_MS = 5 * MINUTE;
/** The issuer is not asked more often, whatever tokens strangers make up, and however it fails. */
const PAUSE_MS = 5 * SECOND;
const TIMEOUT_MS = 3 * SECOND;
const MOST_BYTES = 256 * 1024;

/** Why tokens cannot be checked: the issuer is to blame, and the token may be good. */
export class IssuerError extends Error {}

interface Options {
  readonly url: string;
  /** For so long keys are used on while the issuer cannot be asked. */
  readonly staleMs: number;
  readonly log: Log;
  readonly now?: () => number;
}

/** The public keys of the token issuer. */
export class IssuerKeys {
  private keys: JWTVerifyGetKey | undefined;
  private fetchedAt = -Infinity;
  private askedAt = -Infinity;
  private fetching: Promise<void> | undefined;
  private readonly now: () => number;

  constructor(private readonly options: Options) {
    this.now = options.now ?? (() => performance.now());
  }

  /** The key that a token names. @throws {IssuerError} if that cannot be known now. */
  readonly get: JWTVerifyGetKey = async (header, token) => {
    await this.refreshIfOld();
    try {
      return await this.usable()(header, token);
    } catch (error) {
      // It may be a new one, which is not known here yet.
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!this.fetching && !this.mayAsk()) throw error;
      await this.fetch();
      return this.usable()(header, token);
    }
  };

  private async refreshIfOld(): Promise<void> {
    const age = this.now() - this.fetchedAt;
    if (age < FRESH_MS || (!this.fetching && !this.mayAsk())) return;
    const fetched = this.fetch();
    if (age >= MAX_AGE_MS) await fetched;
  }

  private usable(): JWTVerifyGetKey {
    if (this.keys && this.now() - this.fetchedAt < this.options.staleMs) return this.keys;
    throw new IssuerError("the keys of the token issuer cannot be fetched");
  }

  private mayAsk(): boolean {
    return !this.fetching && this.now() - this.askedAt >= PAUSE_MS;
  }

  /** Fetches the keys, once for all who wait. It does not throw: then those that are known remain. */
  private fetch(): Promise<void> {
    this.fetching ??= this.replace().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async replace(): Promise<void> {
    this.askedAt = this.now();
    try {
      this.keys = createLocalJWKSet(await download(this.options.url));
      this.fetchedAt = this.now();
    } catch (error) {
      const { name, code } = error as { name?: string; code?: string };
      this.options.log.warn({ reason: code ?? name }, "the issuer's keys could not be fetched");
    }
  }
}

async function download(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    headers: { accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) throw coded(`HTTP_${response.status}`);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MOST_BYTES) throw coded("TOO_LARGE");
  }
  return JSON.parse(text) as JSONWebKeySet;
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
