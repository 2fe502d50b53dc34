import { ServiceError } from "./service-error.js";

/** @throws {ServiceError} `BAD_USER_INPUT`, which names the field, and does not repeat it. */
export function checkForm(field: string, ok: boolean): void {
  if (ok) return;
  const message = `${field} does not have the form that is asked for.`;
  throw new ServiceError("BAD_USER_INPUT", message, { field });
}
