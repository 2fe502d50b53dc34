import { Envelope, inspect } from "kms-envelope";
import type { Config } from "../config/config.js";
import { anyOf, keyringOf } from "../envelope/keyrings.js";
import type { StoredMessage } from "./stored-messages.js";

const TRIAL = { type: "rewrap-trial" };

/** The keys of a move: what is under one of the old ones comes under the new one. */
export class MoveKeys {
  private constructor(
    private readonly from: Envelope,
    private readonly to: Envelope,
    private readonly toName: string,
  ) {}

  /**
   * Opens the keys, and sees that the new one both wraps and unwraps: else nothing that was moved
   * could be read again.
   *
   * @throws {EnvelopeError} what is wrong with a key.
   */
  static async open(
    { from, to }: { from: readonly string[]; to: string },
    settings: Pick<Config, "KMS_ENDPOINT" | "KMS_TIMEOUT_SECONDS">,
  ): Promise<MoveKeys> {
    for (const keyId of from) await Envelope.open({ keyring: keyringOf(keyId, settings) });
    const source = new Envelope({
      keyring: anyOf(from.map((keyId) => keyringOf(keyId, settings))),
    });
    const target = new Envelope({ keyring: keyringOf(to, settings) });
    const trial = await target.encrypt("trial", { encryptionContext: TRIAL });
    await target.decrypt(trial, { encryptionContext: TRIAL });
    return new MoveKeys(source, target, namesOf(trial));
  }

  /** Whether the header says that a message is under the new key, and under no other. */
  isMoved(message: Uint8Array): boolean {
    try {
      return namesOf(message) === this.toName;
    } catch {
      return false;
    }
  }

  /** @throws {EnvelopeError} */
  move({ message, context }: StoredMessage): Promise<Buffer> {
    return this.from.reEncrypt(message, this.to, { encryptionContext: context });
  }

  /** Opens a message with the new key. @throws {EnvelopeError} */
  async check({ message, context }: StoredMessage): Promise<void> {
    const plaintext = await this.to.decrypt(message, { encryptionContext: context });
    plaintext.fill(0);
  }
}

/** Of the keys that a message is under. An alias resolves to its key in the message. */
function namesOf(message: Uint8Array): string {
  const keys = inspect(message).encryptedDataKeys;
  return JSON.stringify(keys.map(({ keyProviderId, keyName }) => [keyProviderId, keyName]));
}
