import { createRequire } from "node:module";
import { startProxy, type Proxy } from "./proxy.js";

interface Moto {
  readonly endpoint: string;
  createKey(): Promise<{ arn: string }>;
  stop(): Promise<void>;
}

/** As the package's own tests start it; seen from dist/test/support. */
const { startMoto } = createRequire(import.meta.url)("../../../../__test__/support/moto.js") as {
  startMoto(): Promise<Moto>;
};

export interface TestKms {
  /** With it, a service or a command finds this KMS. */
  readonly environment: Record<string, string>;
  /** Stands between: stop it, and KMS is away. */
  readonly proxy: Proxy;
  /** The ARN of a new key. */
  createKey(): Promise<string>;
  stop(): Promise<void>;
}

/** moto as KMS. */
export async function startKms(): Promise<TestKms> {
  const moto = await startMoto();
  const proxy = await startProxy(Number(new URL(moto.endpoint).port));
  return {
    environment: {
      KMS_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    proxy,
    createKey: async () => (await moto.createKey()).arn,
    stop: async () => {
      await proxy.stop();
      await moto.stop();
    },
  };
}
