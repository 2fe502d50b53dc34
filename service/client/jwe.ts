import type { DeviceKey } from "./device-key.js";
import { importPublicKey } from "./device-key.js";
import { KeyServiceError } from "./errors.js";

const ENCRYPTION = "A256GCM";
const TAG_BYTES = 16;

/** A compact JWE (RFC 7516) under a device's key: a key of its own encrypts the data, and RSA wraps that. */
export async function encryptForKey(data: Uint8Array, key: DeviceKey): Promise<string> {
  const contentKey = crypto.getRandomValues(new Uint8Array(32));
  try {
    const publicKey = await importPublicKey(key);
    const wrapped = await crypto.subtle.encrypt({ name: "RSA-OAEP" }, publicKey, contentKey);
    const header = textOf({ alg: key.algorithm, enc: ENCRYPTION, kid: key.keyId });
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const parameters = { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(header) };
    const aes = await importContentKey(contentKey, "encrypt");
    const sealed = new Uint8Array(
      await crypto.subtle.encrypt(parameters, aes, new Uint8Array(data)),
    );
    const end = sealed.length - TAG_BYTES;
    const parts = [new Uint8Array(wrapped), iv, sealed.subarray(0, end), sealed.subarray(end)];
    return [header, ...parts.map(toBase64Url)].join(".");
  } finally {
    contentKey.fill(0);
  }
}

/**
 * What the service encrypted under a key that was sent to it, as the plaintext of this data.
 *
 * @throws {KeyServiceError} `ANSWER_INVALID` if it is for other data, or was changed.
 */
export async function decryptAnswer(
  answer: string,
  answerKey: Uint8Array<ArrayBuffer>,
  data: string,
): Promise<Uint8Array> {
  try {
    return await openAnswer(answer, answerKey, data);
  } catch (cause) {
    const message = "the answer is not for this data: something on the way has changed it";
    throw new KeyServiceError("ANSWER_INVALID", message, { cause });
  }
}

async function openAnswer(
  answer: string,
  answerKey: Uint8Array<ArrayBuffer>,
  data: string,
): Promise<Uint8Array> {
  const [header = "", , iv = "", ciphertext = "", tag = ""] = answer.split(".");
  const { alg, enc, of } = JSON.parse(new TextDecoder().decode(fromBase64Url(header))) as {
    alg?: string;
    enc?: string;
    of?: string;
  };
  if (alg !== "dir" || enc !== ENCRYPTION) throw new TypeError("the answer is encrypted otherwise");
  const sealed = fromBase64Url(ciphertext);
  const whole = new Uint8Array(sealed.length + TAG_BYTES);
  whole.set(sealed);
  whole.set(fromBase64Url(tag), sealed.length);
  const additionalData = new TextEncoder().encode(header);
  const parameters = { name: "AES-GCM", iv: fromBase64Url(iv), additionalData };
  const aes = await importContentKey(answerKey, "decrypt");
  const plaintext = new Uint8Array(await crypto.subtle.decrypt(parameters, aes, whole));
  // The header is known to be the service's only now.
  if (of === (await digestOf(data))) return plaintext;
  plaintext.fill(0);
  throw new TypeError("the answer is for other data");
}

/** The SHA-256 of bytes, or of a text in UTF-8, in base64url. */
export async function digestOf(data: string | Uint8Array): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return toBase64Url(new Uint8Array(digest));
}

function importContentKey(key: Uint8Array<ArrayBuffer>, use: KeyUsage): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
}

function textOf(header: object): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(header)));
}

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
