import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mock } from "node:test";
import { fileURLToPath } from "node:url";
import type { JWK } from "jose";
import { startTestService, type GraphQLAnswer, type TestService } from "./app.js";
import { Device } from "./device.js";

export const PIN = "271828";
export const TRANSFER = '{"id":"t-1","to":"bob","cents":4200}';

/** The programs of docs/receipts.md, as they are printed; seen from dist/test/support. */
const DOCS = readFileSync(new URL("../../../docs/receipts.md", import.meta.url), "utf8");
/** Inside the package, so that they find what it depends on. */
const FOLDER = fileURLToPath(new URL("../receipts-docs-", import.meta.url));

type ConfirmedBy = (transaction: string, receipt: string) => Promise<Record<string, string>>;

/** The service, a user with a PIN, and the backend of docs/receipts.md, which is this process. */
export class ReceiptWorld {
  private constructor(
    readonly service: TestService,
    readonly alice: Device,
    /** Where the programs are. */
    readonly folder: string,
    private readonly backend: ConfirmedBy,
  ) {}

  static async start(): Promise<ReceiptWorld> {
    const service = await startTestService({
      AUDIT_USER_ROWS_PER_MINUTE: "3",
      CREDENTIAL_LOCK_AFTER: "4",
    });
    const alice = new Device(service, await service.token("alice"), "phone");
    await alice.submit("setTransactionPin", PIN);
    const folder = `${mkdtempSync(FOLDER)}/`;
    writeFileSync(`${folder}confirmed-by.js`, printed("`confirmed-by.js`"));
    writeFileSync(`${folder}transfers.js`, printed("`transfers.js`"));
    process.env.RECEIPT_KEYS = `${service.url}/.well-known/jwks.json`;
    return new ReceiptWorld(service, alice, folder, await backendIn(folder));
  }

  async stop(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    await this.service.close();
  }

  confirm(device = this.alice, pin = PIN, transaction = TRANSFER): Promise<GraphQLAnswer> {
    return device.submit("verifyTransactionPin", pin, {}, { txn: hashOf(transaction) });
  }

  async receiptOf(device = this.alice, transaction = TRANSFER): Promise<string> {
    const { data, errors } = await this.confirm(device, PIN, transaction);
    assert.equal(errors, undefined);
    assert.equal(typeof data.verifyTransactionPin.receipt, "string");
    return data.verifyTransactionPin.receipt;
  }

  confirmedBy(...given: Parameters<ConfirmedBy>): ReturnType<ConfirmedBy> {
    return this.later(0, ...given);
  }

  /** The same, so many milliseconds later. */
  later(milliseconds: number, ...given: Parameters<ConfirmedBy>): ReturnType<ConfirmedBy> {
    const time = new Date(this.service.clock.now().getTime() + milliseconds);
    return at(time, () => this.backend(...given));
  }

  /** A backend that has no keys yet. */
  freshBackend(): Promise<ConfirmedBy> {
    return backendIn(this.folder);
  }

  async publishedKeys(): Promise<JWK[]> {
    const response = await fetch(`${this.service.url}/.well-known/jwks.json`);
    return ((await response.json()) as { keys: JWK[] }).keys;
  }

  /** Programs of their own go by the time of this machine, which goes on while tests wait. */
  catchUp(): void {
    const { clock } = this.service;
    clock.advance(Math.max(0, Date.now() - clock.now().getTime()));
  }
}

export const hashOf = (transaction: string) =>
  createHash("sha256").update(transaction).digest("base64url");

/** Lets this process, and so the backend in it, believe that it is another time. */
export async function at<Result>(time: Date, work: () => Promise<Result>): Promise<Result> {
  mock.timers.enable({ apis: ["Date"], now: time });
  try {
    return await work();
  } finally {
    mock.timers.reset();
  }
}

async function backendIn(folder: string): Promise<ConfirmedBy> {
  const module = await import(`${folder}confirmed-by.js?${randomUUID()}`);
  return module.confirmedBy;
}

function printed(name: string): string {
  return DOCS.slice(DOCS.indexOf(name)).split(/```\w*\n/)[1]!;
}
