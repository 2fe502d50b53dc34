/** The client of the key service, for browsers and Node.js: it needs fetch and Web Crypto alone. */
export { KeyServiceClient } from "./client.js";
export type {
  CallOptions,
  ClientOptions,
  ConfirmOptions,
  EncryptedData,
  SetOptions,
} from "./client.js";
export type { DeviceKey } from "./device-key.js";
export { KeyServiceError } from "./errors.js";
export type { PinVerification, Verification } from "./mutations.js";
