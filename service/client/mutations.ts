/** A GraphQL mutation with one argument, `input`. */
export interface Mutation {
  readonly field: string;
  readonly document: string;
}

/** What the service says about a secret that was to be verified. */
export interface Verification {
  verified: boolean;
  /** How long the next attempt has to wait. */
  retryAfterSeconds: number | null;
  /** With a success: how many attempts failed since the one before. Tell the person. */
  failedAttempts: number | null;
  /** When the last of them was, as in `2026-11-25T12:00:00.000Z`. */
  lastFailedAt: string | null;
}

/** What the service says about a PIN. */
export interface PinVerification extends Verification {
  /** With a success, if a transaction was named: proves to a backend that this user confirmed it. */
  receipt: string | null;
}

/** The mutations about one kind of secret, and how their input names it. */
export interface Credential {
  readonly set: Mutation;
  readonly verify: Mutation;
  readonly passwordAuthType: "PASSCODE" | "TRANSACTION_PIN";
  readonly payload: string;
  readonly currentPayload: string;
  /** The operation of the current secret, when it is replaced. */
  readonly change: string;
}

const CHECK = "verified retryAfterSeconds failedAttempts lastFailedAt";

const KEY = "keyId publicKey expiresAt algorithm";

export const GENERATE = mutation("generateClientEncryptionKey", KEY, "GenerateClientEncryptionKey");
export const ROTATE = mutation("rotateClientEncryptionKey", KEY, "GenerateClientEncryptionKey");

export const REGISTER = mutation("registerDevice", "deviceId");
export const DECRYPT_DATA = mutation("decryptData", "answer");
export const REENCRYPT_DATA = mutation("reencryptData", "keyId data", "EncryptedData");
export const STORE_DATA = mutation("storeData", "storedAt");
export const LOAD_DATA = mutation("loadData", "keyId data");

export const PASSCODE: Credential = {
  set: mutation("setUserPasscode", "setAt"),
  verify: mutation("verifyUserPasscode", CHECK),
  passwordAuthType: "PASSCODE",
  payload: "encryptedPasscode",
  currentPayload: "encryptedCurrentPasscode",
  change: "changeUserPasscode",
};

export const TRANSACTION_PIN: Credential = {
  set: mutation("setTransactionPin", "setAt"),
  verify: mutation("verifyTransactionPin", `${CHECK} receipt`),
  passwordAuthType: "TRANSACTION_PIN",
  payload: "encryptedPin",
  currentPayload: "encryptedCurrentPin",
  change: "changeTransactionPin",
};

function mutation(
  field: string,
  fields: string,
  input = field[0]!.toUpperCase() + field.slice(1),
): Mutation {
  return {
    field,
    document: `mutation ($input: ${input}Input!) { ${field}(input: $input) { ${fields} } }`,
  };
}
