import { Args, Mutation, Resolver } from "@nestjs/graphql";
import { CurrentCaller, isUserId, type Caller } from "../auth/caller.js";
import { checkForm } from "../common/check-form.js";
import { ServiceError } from "../common/service-error.js";
import { Measure } from "../metrics/measure.js";
import type { EncryptedPayload } from "../payloads/payload-decryptor.js";
import type { CredentialKind } from "./credential.js";
import { CredentialChanges, type EncryptedSecret } from "./credential-changes.js";
import { CredentialChecks } from "./credential-checks.js";
import {
  CredentialCheck,
  CredentialSet,
  SetTransactionPinInput,
  SetUserPasscodeInput,
  TransactionPinCheck,
  VerifyTransactionPinInput,
  VerifyUserPasscodeInput,
} from "./credentials.types.js";

@Resolver()
export class CredentialsResolver {
  constructor(
    private readonly changes: CredentialChanges,
    private readonly checks: CredentialChecks,
    private readonly measure: Measure,
  ) {}

  @Mutation(() => CredentialSet, { description: "Sets the caller's passcode." })
  setUserPasscode(
    @CurrentCaller() caller: Caller,
    @Args("input") input: SetUserPasscodeInput,
  ): Promise<CredentialSet> {
    const { keyId, userId, encryptedPasscode: ciphertext, encryptedCurrentPasscode } = input;
    const secret = { keyId, userId, ciphertext, currentCiphertext: encryptedCurrentPasscode };
    return this.set(caller, "PASSCODE", input.passwordAuthType, secret);
  }

  @Mutation(() => CredentialCheck, { description: "Checks the caller's passcode." })
  verifyUserPasscode(
    @CurrentCaller() caller: Caller,
    @Args("input") input: VerifyUserPasscodeInput,
  ): Promise<CredentialCheck> {
    const { keyId, passwordAuthType, encryptedPasscode: ciphertext } = input;
    return this.verify(caller, "PASSCODE", passwordAuthType, { keyId, ciphertext });
  }

  @Mutation(() => CredentialSet, { description: "Sets the caller's transaction PIN." })
  setTransactionPin(
    @CurrentCaller() caller: Caller,
    @Args("input") input: SetTransactionPinInput,
  ): Promise<CredentialSet> {
    const { keyId, userId, encryptedPin: ciphertext, encryptedCurrentPin } = input;
    const secret = { keyId, userId, ciphertext, currentCiphertext: encryptedCurrentPin };
    return this.set(caller, "TRANSACTION_PIN", input.passwordAuthType, secret);
  }

  @Mutation(() => TransactionPinCheck, { description: "Checks the caller's transaction PIN." })
  verifyTransactionPin(
    @CurrentCaller() caller: Caller,
    @Args("input") input: VerifyTransactionPinInput,
  ): Promise<TransactionPinCheck> {
    const { keyId, passwordAuthType, encryptedPin: ciphertext } = input;
    return this.verify(caller, "TRANSACTION_PIN", passwordAuthType, { keyId, ciphertext });
  }

  private set(
    caller: Caller,
    kind: CredentialKind,
    passwordAuthType: string,
    secret: EncryptedSecret,
  ): Promise<CredentialSet> {
    return this.measure.run({ operation: "set", userId: caller.userId }, async (details) => {
      checkKind(kind, passwordAuthType);
      // GraphQL's null means the same as leaving it out.
      const userId = secret.userId ?? undefined;
      if (userId !== undefined) {
        checkForm("userId", isUserId(userId));
        details.subjectId = userId;
      }
      return { setAt: await this.changes.set(caller, kind, { ...secret, userId }) };
    });
  }

  private verify(
    caller: Caller,
    kind: CredentialKind,
    passwordAuthType: string,
    encrypted: EncryptedPayload,
  ): Promise<TransactionPinCheck> {
    return this.measure.run({ operation: "verify", userId: caller.userId }, async (details) => {
      checkKind(kind, passwordAuthType);
      const { receipt, ...check } = await this.checks.check(caller.userId, kind, encrypted);
      if (!check.verified) details.reason = "WRONG_SECRET";
      details.receiptId = receipt?.id;
      return { ...check, receipt: receipt?.token };
    });
  }
}

function checkKind(kind: CredentialKind, passwordAuthType: string): void {
  if (passwordAuthType === kind) return;
  const message = `This mutation takes the passwordAuthType ${kind}.`;
  throw new ServiceError("BAD_USER_INPUT", message, { field: "passwordAuthType" });
}
