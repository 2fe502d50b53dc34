import { Injectable } from "@nestjs/common";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import type { CredentialKind } from "./credential.js";
import { isWeakPasscode, isWeakPin } from "./weak-secrets.js";

/** What new passcodes and PINs must be like. */
@Injectable()
export class SecretRules {
  constructor(private readonly config: Config) {}

  /** @throws {ServiceError} `SECRET_UNACCEPTABLE`, with the reason `FORM` or `COMMON`. */
  check(kind: CredentialKind, secret: string, userId: string): void {
    const { hasForm, isWeak, rule } = kind === "PASSCODE" ? this.passcode() : this.pin();
    if (!hasForm(secret)) throw unacceptable(rule, "FORM");
    if (isWeak(secret, userId)) {
      throw unacceptable("This one is among the first that are guessed; choose another.", "COMMON");
    }
  }

  private passcode() {
    const { PASSCODE_MIN_LENGTH: min, PASSCODE_MAX_LENGTH: max } = this.config;
    return {
      hasForm: (secret: string) => [...secret].length >= min && Buffer.byteLength(secret) <= max,
      isWeak: isWeakPasscode,
      rule: `A passcode has ${min} to ${max} characters (at most ${max} bytes).`,
    };
  }

  private pin() {
    const { PIN_MIN_LENGTH: min, PIN_MAX_LENGTH: max } = this.config;
    return {
      hasForm: (secret: string) =>
        /^[0-9]+$/.test(secret) && secret.length >= min && secret.length <= max,
      isWeak: isWeakPin,
      rule: `A PIN has ${min} to ${max} digits.`,
    };
  }
}

function unacceptable(message: string, reason: "FORM" | "COMMON"): ServiceError {
  return new ServiceError("SECRET_UNACCEPTABLE", message, { reason });
}
