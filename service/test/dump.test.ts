import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { verify } from "@node-rs/argon2";
import { sql } from "drizzle-orm";
import { credentials } from "../src/database/schema/credentials.js";
import { Sealer } from "../src/envelope/sealer.js";
import { startTestService, type TestService } from "./support/app.js";
import { Device } from "./support/device.js";

const SECRETS = ["correct horse battery", "an even better horse", "86421357"];
const USER = "ada@example.com";

let service: TestService;
/** All that was sealed: private keys, and the secrets of the service. */
const sealed: Buffer[] = [];

before(async () => {
  const { seal } = Sealer.prototype;
  Sealer.prototype.seal = function (plaintext, context) {
    sealed.push(Buffer.from(plaintext));
    return seal.call(this, plaintext, context);
  };
  service = await startTestService();
  Sealer.prototype.seal = function (plaintext, context) {
    sealed.push(Buffer.from(plaintext));
    return seal.call(this, plaintext, context);
  };
  const device = new Device(service, await service.token(USER), "phone");
  await device.submit("setUserPasscode", SECRETS[0]!);
  await device.change("setUserPasscode", SECRETS[1]!, SECRETS[0]!);
  await device.submit("setTransactionPin", SECRETS[2]!);
  await device.rotate();
  for (const secret of SECRETS) await device.submit("verifyUserPasscode", secret);
});
after(() => service.close());

/** All rows of all tables as text; bytes in hex. */
async function dump(): Promise<string> {
  const rows = async (query: string) =>
    ((await service.database.orm.execute(sql.raw(query))) as unknown as { rows: { t: string }[] })
      .rows;
  const tables = await rows("SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public'");
  const contents = await Promise.all(
    tables.map(({ t }) => rows(`SELECT "${t}"::text AS t FROM "${t}"`)),
  );
  return contents
    .flat()
    .map(({ t }) => t)
    .join("\n");
}

/** What bytes look like in a dump, whole or cut: in hex, and in base64 at each alignment. */
function tracesOf(bytes: Buffer): string[] {
  const middle = bytes.subarray(bytes.length >> 2, (bytes.length >> 2) + 24);
  const base64 = [0, 1, 2].map((skip) => middle.subarray(skip, 21 + skip).toString("base64"));
  return [middle.toString("hex"), ...base64];
}

test("a dump has neither private keys nor secrets nor passcodes", async () => {
  const text = await dump();
  // Three secrets of the service, two private keys; and the dump is one of this very database.
  assert.equal(sealed.length, 5);
  assert.ok(
    text.includes(USER) && text.includes("BEGIN PUBLIC KEY") && text.includes("$argon2id$"),
  );
  assert.ok(!text.includes("PRIVATE"));
  for (const trace of sealed.flatMap(tracesOf)) assert.ok(!text.includes(trace));
  for (const secret of SECRETS) {
    const bytes = Buffer.from(secret);
    for (const form of [secret, bytes.toString("hex"), bytes.toString("base64")]) {
      assert.ok(!text.includes(form), `a secret stands in the dump`);
    }
  }
});

test("without the pepper the hashes of a dump cannot be guessed", async () => {
  const rows = await service.database.orm.select().from(credentials);
  assert.equal(rows.length, 2);
  for (const { hash } of rows) {
    for (const secret of SECRETS) assert.equal(await verify(hash!, secret), false);
  }
});

test("the log has neither private keys nor secrets nor passcodes", () => {
  const text = service.logged();
  assert.ok(text.includes("request completed"));
  for (const trace of [...SECRETS, ...sealed.flatMap(tracesOf), "Bearer", "eyJ", "mutation"]) {
    assert.ok(!text.includes(trace));
  }
});

// Where the files are ours to read: with what was overwritten, and the log of changes.
if (!process.env.TEST_DATABASE_URL) {
  test("the files of the database have neither private keys nor secrets nor passcodes", () => {
    const files = readdirSync(path.join(service.config.DATA_DIR, "database"), {
      recursive: true,
      withFileTypes: true,
    });
    const contents = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(path.join(file.parentPath, file.name)));
    assert.ok(contents.some((content) => content.includes("BEGIN PUBLIC KEY")));
    const forbidden = [
      ...SECRETS.map((secret) => Buffer.from(secret)),
      ...sealed.map((bytes) => bytes.subarray(-32)),
    ];
    for (const content of contents)
      for (const bytes of forbidden) assert.ok(!content.includes(bytes));
  });
}
