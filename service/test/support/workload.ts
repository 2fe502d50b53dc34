import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { SignJWT } from "jose";
import { Clock } from "../../src/common/clock.js";
import { post, type GraphQLAnswer } from "./app.js";
import { Device, type DeviceKey } from "./device.js";

export const ISSUER = {
  AUTH_SHARED_SECRET: "a shared secret of the tests alone, long enough",
  AUTH_ISSUER: "tests",
  AUTH_AUDIENCE: "service",
};

/** After which a client gives up, as `client/` has it. */
export const CLIENT_TIMEOUT_MS = 10_000;

/** An answer, and when it came, by `performance.now()`. */
export interface Sample {
  readonly url: string;
  readonly begun: number;
  readonly ended: number;
  /** The code of the error, `NETWORK` if nobody answered, or undefined. */
  readonly failure?: string;
  readonly retryAfterSeconds?: number;
}

/** One user who rotates the key and changes the PIN, again and again, and notes what was acknowledged. */
export class Worker {
  readonly keys: string[] = [];
  readonly samples: Sample[] = [];
  /** The PIN that was acknowledged last, and those that may have been set since. */
  readonly pins: string[] = [];
  private working = true;
  private done: Promise<void> = Promise.resolve();

  private constructor(
    readonly url: string,
    readonly device: Device,
  ) {}

  /** @param sign makes the token of a user. */
  static async at(url: string, sign = tokenOf): Promise<Worker> {
    const token = await sign(randomUUID());
    const graphql = (query: string, variables?: object) => post(url, query, variables, token);
    return new Worker(url, new Device({ graphql, clock: new Clock() }, token, randomUUID()));
  }

  start(): void {
    this.done = this.work();
  }

  async stop(): Promise<void> {
    this.working = false;
    await this.done;
  }

  /** How many of the PINs that may be set are verified: one, unless what was acknowledged is lost. */
  async verifiedPins(): Promise<number> {
    let count = 0;
    for (const pin of this.pins) {
      const { data, errors } = await this.device.submit("verifyTransactionPin", pin);
      if (errors) throw new Error(errors[0]!.extensions.code);
      if (data.verifyTransactionPin.verified) count += 1;
    }
    return count;
  }

  private async work(): Promise<void> {
    for (let turn = 0; this.working; turn++) {
      const answer = turn % 3 === 0 ? await this.rotate() : await this.changePin();
      if (!answer || answer.errors) await delay(50);
    }
  }

  private async rotate(): Promise<GraphQLAnswer | undefined> {
    const answer = await this.sample(() => this.device.rotate());
    const key: DeviceKey | undefined = answer?.data?.rotateClientEncryptionKey;
    if (key) this.keys.push(key.keyId);
    return answer;
  }

  private async changePin(): Promise<GraphQLAnswer | undefined> {
    const asked = await this.sample(() => this.device.generate());
    const key: DeviceKey | undefined = asked?.data?.generateClientEncryptionKey;
    if (!key) return asked;
    const pin = `2${randomInt(1000, 9999)}81`;
    const payload = this.device.encrypt(key, "setTransactionPin", pin);
    const [current] = this.pins;
    const proof = current
      ? this.device.encryptCurrent(key, "setTransactionPin", current, payload)
      : {};
    const sent = { keyId: key.keyId, payload };
    const answer = await this.sample(() => this.device.send("setTransactionPin", sent, proof));
    if (answer && !answer.errors) this.pins.splice(0, Infinity, pin);
    else if (this.samples.at(-1)?.failure === "WRONG_SECRET") this.pins.push(this.pins.shift()!);
    // It may be set, or not: the next one tries each, as a person would.
    else this.pins.push(pin);
    return answer;
  }

  private async sample(ask: () => Promise<GraphQLAnswer>): Promise<GraphQLAnswer | undefined> {
    const begun = performance.now();
    const answer = await ask().catch(() => undefined);
    const extensions = answer?.errors?.[0]?.extensions;
    const failure = answer ? extensions?.code : "NETWORK";
    const retryAfterSeconds: number | undefined = extensions?.retryAfterSeconds;
    const ended = performance.now();
    this.samples.push({ url: this.url, begun, ended, failure, retryAfterSeconds });
    return answer;
  }
}

/** Milliseconds from a moment until each instance did a request that began after it. */
export function recoveryOf(workers: readonly Worker[], since: number): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { url, ended } of workers
    .flatMap(({ samples }) => samples)
    .filter(({ begun, failure }) => begun >= since && !failure)
    .sort((a, b) => a.ended - b.ended)) {
    times[url] ??= Math.round(ended - since);
  }
  return times;
}

/** What a client would have seen: for the record, since it depends on the machine. */
export function describeWaits(samples: readonly Sample[]): string {
  const waits = samples.map(({ begun, ended }) => ended - begun);
  const givenUp = waits.filter((wait) => wait > CLIENT_TIMEOUT_MS).length;
  const refused = samples.filter(({ failure }) => failure !== undefined).length;
  const longest = Math.round(waits.reduce((most, wait) => Math.max(most, wait), 0));
  return `${samples.length} requests, ${refused} refused, the longest took ${longest} ms; clients that would have given up: ${givenUp}`;
}

export function tokenOf(userId: string, ...roles: string[]): Promise<string> {
  return new SignJWT({ roles })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuer(ISSUER.AUTH_ISSUER)
    .setAudience(ISSUER.AUTH_AUDIENCE)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(ISSUER.AUTH_SHARED_SECRET));
}
