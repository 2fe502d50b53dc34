/** The public half of a device's key; the private half never leaves the service. */
export interface DeviceKey {
  keyId: string;
  /** SubjectPublicKeyInfo in PEM. */
  publicKey: string;
  expiresAt: Date;
  algorithm: string;
}

/** What is encrypted, beside a nonce. */
export interface Payload {
  /** The mutation that it is for: the service takes it for no other. */
  operation: string;
  secret: string;
  issuedAt: Date;
  /** The SHA-256 of the transaction that the secret confirms, in base64url. */
  txn?: string;
}

/** What is encrypted of the current secret, beside the payload that replaces it. */
export interface CurrentSecret {
  operation: string;
  secret: string;
  /** The SHA-256 of that payload as it is sent, in base64url: so nobody puts another in its place. */
  replacement: string;
}

/** The only algorithm that this client speaks. */
const ALGORITHM = "RSA-OAEP-256";

/** What the service answers, checked: an algorithm that is not known must not be guessed at. */
export function readDeviceKey(answer: Record<keyof DeviceKey, string>): DeviceKey {
  if (answer.algorithm !== ALGORITHM) {
    throw new TypeError(
      `this client encrypts with ${ALGORITHM}, not ${answer.algorithm}: update it`,
    );
  }
  return { ...answer, expiresAt: new Date(answer.expiresAt) };
}

/** Encrypts for the service: base64, good for one use. */
export function encryptFor(key: DeviceKey, payload: Payload): Promise<string> {
  const nonce = toBase64(crypto.getRandomValues(new Uint8Array(16)));
  return encryptJson(key, { ...payload, nonce });
}

/** Encrypts the current secret for the service: base64, good beside its replacement alone. */
export function encryptCurrent(key: DeviceKey, current: CurrentSecret): Promise<string> {
  return encryptJson(key, current);
}

async function encryptJson(key: DeviceKey, content: object): Promise<string> {
  const publicKey = await importPublicKey(key);
  const plaintext = new TextEncoder().encode(JSON.stringify(content));
  try {
    checkLength(plaintext, publicKey);
    const encrypted = await crypto.subtle.encrypt({ name: "RSA-OAEP" }, publicKey, plaintext);
    return toBase64(new Uint8Array(encrypted));
  } finally {
    plaintext.fill(0);
  }
}

export function importPublicKey({ publicKey }: DeviceKey): Promise<CryptoKey> {
  const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
  return crypto.subtle.importKey("spki", fromPem(publicKey), algorithm, false, ["encrypt"]);
}

/** RSA-OAEP takes what two SHA-256 digests and two bytes leave of the modulus. */
function checkLength(plaintext: Uint8Array, publicKey: CryptoKey): void {
  const { modulusLength } = publicKey.algorithm as RsaHashedKeyAlgorithm;
  const excess = plaintext.length - (modulusLength / 8 - 2 * 32 - 2);
  if (excess > 0) throw new RangeError(`the secret is ${excess} bytes too long`);
}

function fromPem(pem: string): Uint8Array<ArrayBuffer> {
  const body = pem.replace(/-----[A-Z ]+-----/g, "").replace(/\s/g, "");
  return Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
