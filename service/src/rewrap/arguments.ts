import { parseArgs } from "node:util";
import type { Config } from "../config/config.js";

export const USAGE = `npm run rewrap -- [--from KEY]... [--to KEY] [--batch ROWS] [--check]

Brings every stored key under another key, and can be run again until it is done.
A KEY is an ARN, id or alias of AWS KMS, or local:PATH.

  --from KEY    a key that messages are under now; by default those of KMS_READ_KEY_IDS
  --to KEY      the key that they come under; by default KMS_KEY_ID
  --batch ROWS  rows of one transaction; by default 100
  --check       changes nothing: opens every message with the new key alone

It ends with 0 if all is under the new key; 1 if nothing was begun; 2 if some rows are broken, and
all others done; 3 if it was cut off, to be run again.`;

export interface Arguments {
  readonly from: readonly string[];
  readonly to: string;
  readonly batch: number;
  readonly check: boolean;
}

/** @throws {Error} what is wrong, for people. */
export function readArguments(words: readonly string[], config: Config): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      from: { type: "string", multiple: true },
      to: { type: "string" },
      batch: { type: "string" },
      check: { type: "boolean", default: false },
    },
  });
  const { from = config.KMS_READ_KEY_IDS, to = config.KMS_KEY_ID, batch = "100", check } = values;
  if (from.length === 0 && !check) {
    throw new Error("say under which keys messages are now: --from KEY, or KMS_READ_KEY_IDS");
  }
  if (!/^[1-9][0-9]{0,3}$/.test(batch)) throw new Error("--batch must be from 1 to 9999");
  // To check asks nothing of the old keys, which may be gone.
  return { from: check ? [to] : from, to, batch: Number(batch), check };
}

/** A service with these settings that could not read what is moved. */
export function isUnreadable(to: string, config: Config): boolean {
  return to !== config.KMS_KEY_ID && !config.KMS_READ_KEY_IDS.includes(to);
}
