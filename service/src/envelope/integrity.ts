import { createHmac, timingSafeEqual } from "node:crypto";
import { Inject, Injectable } from "@nestjs/common";
import { ServiceSecrets } from "./service-secrets.js";

type Field = string | number | Date | null;

/** Codes over rows, so that one that was moved or edited in the database is noticed. */
@Injectable()
export class Integrity {
  constructor(@Inject(ServiceSecrets) private readonly secrets: ServiceSecrets) {}

  /** The code of a row: its table, and the fields that must stay as they were written. */
  async code(table: string, fields: readonly Field[]): Promise<string> {
    const { key } = await this.secrets.get("integrity");
    const plain = fields.map((field) => (field instanceof Date ? field.toISOString() : field));
    return createHmac("sha256", key)
      .update(JSON.stringify([table, ...plain]))
      .digest("base64url");
  }

  async matches(code: string, table: string, fields: readonly Field[]): Promise<boolean> {
    const expected = Buffer.from(await this.code(table, fields));
    const given = Buffer.from(code);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
