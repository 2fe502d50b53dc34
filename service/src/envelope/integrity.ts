import { createHmac, timingSafeEqual } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { ServiceSecrets, type ServiceSecret } from "./service-secrets.js";

type Field = string | number | Date | null;

/** Codes over rows, so that one that was moved or edited in the database is noticed. */
@Injectable()
export class Integrity {
  constructor(private readonly secrets: ServiceSecrets) {}

  /** The code of a row: its table, and the fields that must stay as they were written. */
  async code(table: string, fields: readonly Field[]): Promise<string> {
    return codeUnder(await this.secrets.get("integrity"), table, fields);
  }

  async matches(code: string, table: string, fields: readonly Field[]): Promise<boolean> {
    const ring = await this.secrets.ring("integrity");
    const secret = ring.find(({ version }) => version === versionOf(code));
    if (!secret) return false;
    const expected = Buffer.from(codeUnder(secret, table, fields));
    const candidate = Buffer.from(code);
    return candidate.length === expected.length && timingSafeEqual(candidate, expected);
  }

  /** Whether a code is under the secret that codes are written under now. */
  async isCurrent(code: string): Promise<boolean> {
    return versionOf(code) === (await this.secrets.get("integrity")).version;
  }
}

/** Codes name the version of their secret; the first one has no name. */
function codeUnder({ key, version }: ServiceSecret, table: string, fields: readonly Field[]) {
  const plain = fields.map((field) => (field instanceof Date ? field.toISOString() : field));
  const code = createHmac("sha256", key)
    .update(JSON.stringify([table, ...plain]))
    .digest("base64url");
  return version === 1 ? code : `${version}.${code}`;
}

/** The version of the secret that a code is under. */
export function versionOf(code: string): number {
  return Number(/^(\d{1,9})\./.exec(code)?.[1] ?? 1);
}
