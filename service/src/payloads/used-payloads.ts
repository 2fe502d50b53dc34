import { createHash } from "node:crypto";
import { ServiceError } from "../common/service-error.js";
import type { Transaction } from "../database/database.js";
import { usedPayloads } from "../database/schema/credentials.js";
import type { Payload } from "./payload.js";

/**
 * Takes a payload, once among all instances; if the transaction fails it is as good as before.
 *
 * @throws {ServiceError} `PAYLOAD_REPLAYED`.
 */
export async function usePayload(
  transaction: Transaction,
  keyId: string,
  { nonce, expiresAt }: Payload,
): Promise<void> {
  const id = createHash("sha256")
    .update(JSON.stringify([keyId, nonce]))
    .digest("base64url");
  const inserted = await transaction
    .insert(usedPayloads)
    .values({ id, expiresAt })
    .onConflictDoNothing()
    .returning({ id: usedPayloads.id });
  if (inserted.length > 0) return;
  throw new ServiceError("PAYLOAD_REPLAYED", "The payload was used before; encrypt again.");
}
