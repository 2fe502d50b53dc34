import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export interface TestIssuer {
  /** The settings of a service that takes its tokens. */
  readonly settings: Record<"AUTH_JWKS_URL" | "AUTH_ISSUER" | "AUTH_AUDIENCE", string>;
  /** Whether it hangs up on whoever asks for its keys. */
  away: boolean;
  sign(userId: string, ...roles: string[]): Promise<string>;
  stop(): void;
}

/** A token issuer in this process, that can be taken away. */
export async function startTestIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "tests", alg: "ES256" }];
  const server = createServer((request, response) => {
    if (issuer.away) return request.socket.destroy();
    response.setHeader("connection", "close");
    return response.end(JSON.stringify({ keys }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const issuer: TestIssuer = {
    settings: {
      AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`,
      AUTH_ISSUER: "tests",
      AUTH_AUDIENCE: "service",
    },
    away: false,
    sign: (userId, ...roles) =>
      new SignJWT({ roles })
        .setProtectedHeader({ alg: "ES256", kid: "tests" })
        .setSubject(userId)
        .setIssuer("tests")
        .setAudience("service")
        .setExpirationTime("1h")
        .sign(privateKey),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return issuer;
}
