import { ServiceError } from "./service-error.js";

/** @throws {ServiceError} `BAD_USER_INPUT`, which does not repeat the text. */
export function checkText(field: string, text: string, pattern: RegExp): void {
  if (pattern.test(text)) return;
  throw new ServiceError("BAD_USER_INPUT", `${field} does not have the form that is asked for.`, {
    field,
  });
}
