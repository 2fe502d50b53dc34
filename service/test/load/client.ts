import { setTimeout as delay } from "node:timers/promises";
import { Clock } from "../../src/common/clock.js";
import { post, type GraphQLAnswer } from "../support/app.js";
import { Device, type DeviceKey } from "../support/device.js";
import { signToken } from "../support/tokens.js";

const PASSCODE = "correct horse";
/** Of each hundred requests. */
const ROTATIONS = 5;
const KEYS = 35;

export interface Sample {
  readonly operation: "rotate" | "generate" | "verify";
  readonly milliseconds: number;
  /** The error's code, or what else was wrong. */
  readonly failure: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/** One user with one device, who does one thing after the other. */
export class LoadClient {
  private key: DeviceKey | undefined;

  private constructor(private readonly device: Device) {}

  /** With a key, and a passcode set. */
  static async start(url: string, name: string, sign = signToken): Promise<LoadClient> {
    const token = await sign(name);
    const graphql = (query: string, variables?: object) => post(url, query, variables, token);
    const client = new LoadClient(new Device({ graphql, clock: new Clock() }, token, name));
    const { data } = await untilAnswered(() => client.device.generate());
    client.key = data.generateClientEncryptionKey;
    await untilAnswered(() => client.device.submit("setUserPasscode", PASSCODE));
    return client;
  }

  async run(signal: AbortSignal, onSample: (sample: Sample) => void): Promise<void> {
    while (!signal.aborted) {
      const sample = await this.once();
      onSample(sample);
      // A client that was refused waits, though not as long as it was told.
      if (sample.failure) await delay(200);
    }
  }

  /** Makes another key. @returns what failed. */
  async rotate(): Promise<string | undefined> {
    return this.judge(await this.ask("rotate")).failure;
  }

  private async once(): Promise<Sample> {
    const lot = Math.random() * 100;
    const operation = lot < ROTATIONS ? "rotate" : lot < ROTATIONS + KEYS ? "generate" : "verify";
    const started = performance.now();
    try {
      const answer = await this.ask(operation);
      const milliseconds = performance.now() - started;
      return { operation, milliseconds, ...this.judge(answer) };
    } catch (error) {
      const milliseconds = performance.now() - started;
      return { operation, milliseconds, failure: String(error), retryAfterSeconds: undefined };
    }
  }

  private ask(operation: Sample["operation"]): Promise<GraphQLAnswer> {
    if (operation !== "verify") return this.device[operation]();
    const { keyId } = this.key!;
    const payload = this.device.encrypt(this.key!, "verifyUserPasscode", PASSCODE);
    return this.device.send("verifyUserPasscode", { keyId, payload });
  }

  private judge({ data, errors }: GraphQLAnswer): Pick<Sample, "failure" | "retryAfterSeconds"> {
    if (errors) {
      const { code, retryAfterSeconds } = errors[0]!.extensions;
      return { failure: code, retryAfterSeconds };
    }
    this.key = data.rotateClientEncryptionKey ?? data.generateClientEncryptionKey ?? this.key;
    const wrong = data.verifyUserPasscode?.verified === false;
    return { failure: wrong ? "not verified" : undefined, retryAfterSeconds: undefined };
  }
}

/**
 * So many clients, at each of the addresses in turn. A few at a time: each needs a key, and making keys
 * is the most costly thing there is.
 *
 * @param sign makes the token of a user.
 */
export async function startClients(
  urls: readonly string[],
  count: number,
  sign = signToken,
): Promise<LoadClient[]> {
  const clients: LoadClient[] = [];
  let next = 0;
  const startSome = async () => {
    while (next < count) {
      const number = next++;
      const url = urls[number % urls.length]!;
      clients.push(await LoadClient.start(url, `client-${number}`, sign));
    }
  };
  await Promise.all(Array.from({ length: 10 }, startSome));
  return clients;
}

/** Asks again as long as the service says so; what is measured begins later. */
async function untilAnswered(ask: () => Promise<GraphQLAnswer>): Promise<GraphQLAnswer> {
  for (;;) {
    const answer = await ask();
    if (!answer.errors) return answer;
    const { code, retryAfterSeconds } = answer.errors[0]!.extensions;
    if (retryAfterSeconds === undefined) throw new Error(`a client cannot begin: ${code}`);
    await delay(retryAfterSeconds * 1000);
  }
}
