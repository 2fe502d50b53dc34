import { ServiceError } from "../common/service-error.js";
import type { credentials } from "../database/schema/credentials.js";
import type { Integrity } from "../envelope/integrity.js";

export type Credential = typeof credentials.$inferSelect;
export type CredentialKind = Credential["kind"];

/** How each kind is called by the operations, and what it must be like. */
export const KINDS = {
  PASSCODE: {
    set: "setUserPasscode",
    verify: "verifyUserPasscode",
    form: /^.{6,64}$/su,
    rule: "A passcode has 6 to 64 characters (at most 64 bytes), not all the same.",
  },
  TRANSACTION_PIN: {
    set: "setTransactionPin",
    verify: "verifyTransactionPin",
    form: /^[0-9]{4,12}$/,
    rule: "A PIN has 4 to 12 digits, not all the same.",
  },
} as const;

/** @throws {ServiceError} `SECRET_UNACCEPTABLE`. */
export function checkSecret(kind: CredentialKind, secret: string): void {
  const { form, rule } = KINDS[kind];
  const same = new Set(secret).size === 1;
  if (form.test(secret) && !same && Buffer.byteLength(secret) <= 64) return;
  throw new ServiceError("SECRET_UNACCEPTABLE", rule);
}

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
  throw new ServiceError("CREDENTIAL_UNUSABLE", "The stored credential cannot be used.");
}

function fieldsOf({
  userId,
  kind,
  hash,
  pepperId,
  failures,
  notBefore,
  updatedAt,
}: Omit<Credential, "mac">) {
  return [userId, kind, hash, pepperId, failures, notBefore, updatedAt];
}
