/** The codes of failures that callers can do nothing about. */
const OF_THE_SERVICE = new Set([
  "INTERNAL",
  "KMS_UNAVAILABLE",
  "DATABASE_UNAVAILABLE",
  "ISSUER_UNAVAILABLE",
  "CLOCK_DIFFERS",
  "KEY_UNUSABLE",
  "DEVICE_UNUSABLE",
  "CREDENTIAL_UNUSABLE",
  "DATA_UNUSABLE",
]);

/** Whether the service, or what it stands on, is to blame for a failure, and not the caller. */
export function isOfTheService(code: string): boolean {
  return OF_THE_SERVICE.has(code);
}
