import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

const CREDENTIALS = {
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
};

/** What an instance of its own needs to reach it. */
export const KMS_CREDENTIALS = CREDENTIALS;

export interface TestKms {
  /** The settings with which a service uses it. */
  readonly settings: { KMS_KEY_ID: string; KMS_ENDPOINT: string; KMS_CACHE_SECONDS: string };
  /** Whether it hangs up on whoever asks. */
  away: boolean;
  /** Whether it takes calls, and never answers. */
  hanging: boolean;
  /** How long it takes for each answer. */
  slownessMs: number;
  /** How many calls it left without an answer. */
  hung: number;
  /** As if its network were gone; nothing comes back from it. */
  stop(): Promise<void>;
}

/** A KMS in this process with one key, as far as messages need it; it can be taken away. */
export async function startTestKms(): Promise<TestKms> {
  const wrapped = new Map<string, string>();
  const server = createServer(async (request, response) => {
    if (kms.away) return request.socket.destroy();
    if (kms.hanging) {
      kms.hung++;
      return;
    }
    const operation = String(request.headers["x-amz-target"]).replace("TrentService.", "");
    const { CiphertextBlob } = await bodyOf(request);
    await delay(kms.slownessMs);
    const answer =
      operation === "GenerateDataKey" ? generate(wrapped) : find(wrapped, CiphertextBlob);
    response.setHeader("content-type", "application/x-amz-json-1.1");
    response.end(JSON.stringify({ KeyId: KEY_ARN, ...answer }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  Object.assign(process.env, CREDENTIALS);
  const { port } = server.address() as AddressInfo;
  const kms: TestKms = {
    away: false,
    hanging: false,
    slownessMs: 0,
    hung: 0,
    settings: {
      KMS_KEY_ID: KEY_ARN,
      KMS_ENDPOINT: `http://127.0.0.1:${port}`,
      KMS_CACHE_SECONDS: "0",
    },
    stop: async () => {
      for (const name of Object.keys(CREDENTIALS)) delete process.env[name];
      server.close();
      server.closeAllConnections();
    },
  };
  return kms;
}

function generate(wrapped: Map<string, string>) {
  const [Plaintext, CiphertextBlob] = [32, 64].map((length) =>
    randomBytes(length).toString("base64"),
  );
  wrapped.set(CiphertextBlob!, Plaintext!);
  return { Plaintext, CiphertextBlob };
}

function find(wrapped: Map<string, string>, CiphertextBlob: string) {
  return { Plaintext: wrapped.get(CiphertextBlob), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
}

async function bodyOf(request: IncomingMessage): Promise<{ CiphertextBlob: string }> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}
