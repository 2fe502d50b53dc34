import { ServiceError } from "../common/service-error.js";
import type { credentials } from "../database/schema/credentials.js";
import type { Integrity } from "../envelope/integrity.js";

export type Credential = typeof credentials.$inferSelect;
export type CredentialKind = Credential["kind"];

/** How each kind is called by the operations; `change` is that of the current one when it is replaced. */
export const KINDS = {
  PASSCODE: {
    set: "setUserPasscode",
    verify: "verifyUserPasscode",
    change: "changeUserPasscode",
  },
  TRANSACTION_PIN: {
    set: "setTransactionPin",
    verify: "verifyTransactionPin",
    change: "changeTransactionPin",
  },
} as const;

export function credentialCode(
  integrity: Integrity,
  credential: Omit<Credential, "mac">,
): Promise<string> {
  return integrity.code("credentials", fieldsOf(credential));
}

export function isCredentialIntact(integrity: Integrity, credential: Credential): Promise<boolean> {
  return integrity.matches(credential.mac, "credentials", fieldsOf(credential));
}

/** @throws {ServiceError} `CREDENTIAL_UNUSABLE` if the row is not as it was written. */
export async function checkIntact(integrity: Integrity, credential: Credential): Promise<void> {
  if (await isCredentialIntact(integrity, credential)) return;
  throw unusable();
}

export function unusable(): ServiceError {
  return new ServiceError("CREDENTIAL_UNUSABLE", "The stored credential cannot be used.");
}

function fieldsOf({
  userId,
  kind,
  hash,
  pepperId,
  failures,
  notBefore,
  updatedAt,
  recentFailures,
  revision,
}: Omit<Credential, "mac">) {
  const fields = [userId, kind, hash, pepperId, failures, notBefore, updatedAt];
  // Rows from before there were revisions have none in their codes.
  return revision > 0 ? [...fields, recentFailures.join(), revision] : fields;
}
