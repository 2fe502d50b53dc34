import { ServiceError } from "./service-error.js";

/** @throws {ServiceError} `BAD_USER_INPUT`, which names the field, and does not repeat it. */
export function checkForm(field: string, ok: boolean): void {
  if (ok) return;
  const message = `${field} does not have the form that is asked for.`;
  throw new ServiceError("BAD_USER_INPUT", message, { field });
}

const EARLIEST = new Date(0);
const LATEST = new Date("9999-12-31T23:59:59.999Z");

/** @throws {ServiceError} `BAD_USER_INPUT` for a time that databases do not take as JavaScript writes it. */
export function checkTime(field: string, time: Date): void {
  checkForm(field, time >= EARLIEST && time <= LATEST);
}
