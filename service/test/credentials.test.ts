import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { HOUR, SECOND } from "../src/common/durations.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

let service: TestService;
before(async () => {
  service = await startTestService();
});
after(() => service.close());

async function verified(device: Device, secret: string): Promise<boolean> {
  const answer = await device.submit("verifyUserPasscode", secret);
  assert.equal(answer.errors, undefined);
  return answer.data.verifyUserPasscode.verified;
}

test("a passcode is set, and then verified from any device of the user", async () => {
  const user = randomUUID();
  const phone = await Device.of(service, user);
  const set = await phone.submit("setUserPasscode", "correct horse");
  assert.equal(set.data.setUserPasscode.setAt, service.clock.now().toISOString());
  assert.equal(await verified(phone, "correct horse"), true);
  assert.equal(await verified(phone, "wrong horse"), false);
  assert.equal(await verified(await Device.of(service, user), "correct horse"), true);
  assert.equal(await verified(await Device.of(service), "correct horse"), false);
});

test("a PIN and a passcode are each set and verified by themselves", async () => {
  const device = await Device.of(service);
  await device.submit("setUserPasscode", "123457");
  assert.equal((await device.submit("setTransactionPin", "8642")).errors, undefined);
  const pin = await device.submit("verifyTransactionPin", "8642");
  assert.equal(pin.data.verifyTransactionPin.verified, true);
  const passcode = await device.submit("verifyTransactionPin", "123457");
  assert.equal(passcode.data.verifyTransactionPin.verified, false);
});

test("a mutation takes its own passwordAuthType only", async () => {
  const device = await Device.of(service);
  const type = { passwordAuthType: "TRANSACTION_PIN" };
  assert.equal(
    codeOf(await device.submit("setUserPasscode", "correct horse", type)),
    "BAD_USER_INPUT",
  );
});

test("an unacceptable secret is refused", async () => {
  const device = await Device.of(service);
  for (const passcode of ["short", "1111111", "é".repeat(33)]) {
    assert.equal(codeOf(await device.submit("setUserPasscode", passcode)), "SECRET_UNACCEPTABLE");
  }
  for (const pin of ["123", "0000", "12a4", "1234567890123"]) {
    assert.equal(codeOf(await device.submit("setTransactionPin", pin)), "SECRET_UNACCEPTABLE");
  }
});

test("PINs and passcodes that are guessed first are refused", async () => {
  const device = await Device.of(service);
  const refused = async (operation: "setUserPasscode" | "setTransactionPin", secret: string) => {
    const { errors } = await device.submit(operation, secret);
    const told = errors?.[0]?.extensions;
    assert.deepEqual([told?.code, told?.reason], ["SECRET_UNACCEPTABLE", "COMMON"], secret);
  };
  const sequences = ["1234", "9876", "7890", "0987", "112233", "456789"];
  const repetitions = ["7777", "1212", "123123", "585585"];
  for (const pin of [...sequences, ...repetitions, "2580", "1984", "147258", "159753"]) {
    await refused("setTransactionPin", pin);
  }
  const words = ["Password", "password1!", "P@ssw0rd", "letmein99", "QWERTZ", "iloveyou"];
  for (const passcode of [...words, "abcdef", "fedcba", "abcabc", "12345678", "20252025"]) {
    await refused("setUserPasscode", passcode);
  }
  // Nothing was set by any of them.
  assert.equal((await device.submit("setTransactionPin", "8642")).errors, undefined);
  const named = await Device.of(service, "grace.hopper");
  const { errors } = await named.submit("setUserPasscode", "Grace.Hopper");
  assert.equal(errors![0]!.extensions.reason, "COMMON");
});

test("a PIN or passcode of another length than configured is refused", async () => {
  const strict = await startTestService({
    PIN_MIN_LENGTH: "6",
    PIN_MAX_LENGTH: "8",
    PASSCODE_MIN_LENGTH: "10",
    PASSCODE_MAX_LENGTH: "20",
  });
  try {
    const device = new Device(strict, await strict.token("ada"), "phone");
    const codes: (string | undefined)[] = [];
    for (const pin of ["86421", "864213579", "864213"]) {
      codes.push(codeOf(await device.submit("setTransactionPin", pin)));
    }
    for (const passcode of ["two words", "a horse, correct as ever", "two words!"]) {
      codes.push(codeOf(await device.submit("setUserPasscode", passcode)));
    }
    const refused = "SECRET_UNACCEPTABLE";
    assert.deepEqual(codes, [refused, refused, undefined, refused, refused, undefined]);
  } finally {
    await strict.close();
  }
});

test("failures count within a window, whatever succeeds between them", async () => {
  const device = await Device.of(service);
  await device.submit("setTransactionPin", "8642");
  const failOnce = async () => {
    const { data, errors } = await device.submit("verifyTransactionPin", "1357");
    assert.equal(errors, undefined);
    assert.equal(data.verifyTransactionPin.verified, false);
    return data.verifyTransactionPin.retryAfterSeconds;
  };
  const succeed = () => device.submit("verifyTransactionPin", "8642");
  // Three are free each time, so that nobody who waits is ever slowed down.
  for (let round = 0; round < 9; round++) {
    for (let i = 0; i < 3; i++) assert.equal(await failOnce(), null);
    assert.equal((await succeed()).data.verifyTransactionPin.verified, true);
    service.clock.advance(HOUR);
  }
  await failOnce();
  await failOnce();
  // The thirtieth: the first of them was 9 hours ago.
  assert.equal(await failOnce(), 15 * 3600);
  assert.equal(codeOf(await succeed()), "CREDENTIAL_LOCKED");
  service.clock.advance(15 * HOUR);
  assert.equal((await succeed()).data.verifyTransactionPin.verified, true);
  // Changing the PIN does not begin the window anew, and the three first failures have left it.
  assert.equal((await device.change("setTransactionPin", "9753", "8642")).errors, undefined);
  for (let i = 0; i < 2; i++) assert.equal(await failOnce(), null);
  assert.equal(await failOnce(), 3600);
});

test("a success tells how many attempts failed before it, and when the last was", async () => {
  const device = await Device.of(service);
  await device.submit("setUserPasscode", "correct horse");
  const told = async (secret: string) => {
    const { verified, failedAttempts, lastFailedAt } = (
      await device.submit("verifyUserPasscode", secret)
    ).data.verifyUserPasscode;
    return [verified, failedAttempts, lastFailedAt];
  };
  assert.deepEqual(await told("correct horse"), [true, 0, null]);
  assert.deepEqual(await told("wrong horse"), [false, null, null]);
  service.clock.advance(SECOND);
  const last = service.clock.now().toISOString();
  assert.deepEqual(await told("wrong horse"), [false, null, null]);
  service.clock.advance(HOUR);
  assert.deepEqual(await told("correct horse"), [true, 2, last]);
  assert.deepEqual(await told("correct horse"), [true, 0, null]);
});

test("a secret is replaced only with the current one", async () => {
  const device = await Device.of(service);
  await device.submit("setUserPasscode", "first secret");
  assert.equal(
    codeOf(await device.submit("setUserPasscode", "second secret")),
    "CREDENTIAL_EXISTS",
  );
  const wrong = await device.change("setUserPasscode", "second secret", "guessed secret");
  assert.equal(codeOf(wrong), "WRONG_SECRET");
  assert.equal(await verified(device, "first secret"), true);
  const right = await device.change("setUserPasscode", "second secret", "first secret");
  assert.equal(right.errors, undefined);
  assert.equal(await verified(device, "first secret"), false);
  assert.equal(await verified(device, "second secret"), true);
});

test("an administrator sets it for somebody else, and nobody else does", async () => {
  const user = randomUUID();
  const device = await Device.of(service, user);
  await device.submit("setUserPasscode", "first secret");
  const stranger = await Device.of(service);
  assert.equal(
    codeOf(await stranger.submit("setUserPasscode", "stolen secret", { userId: user })),
    "FORBIDDEN",
  );
  const administrator = await Device.of(service, randomUUID(), "admin");
  const set = await administrator.submit("setUserPasscode", "given secret", { userId: user });
  assert.equal(set.errors, undefined);
  assert.equal(await verified(device, "given secret"), true);
  const line = service
    .logged()
    .split("\n")
    .find((text) => text.includes("an administrator set"));
  assert.equal(JSON.parse(line!).userId, user);
});

test("failures slow down, then lock; a success begins anew", async () => {
  const device = await Device.of(service);
  await device.submit("setUserPasscode", "correct horse");
  const waits: (number | null)[] = [];
  for (let failure = 1; failure <= 10; failure++) {
    const answer = await device.submit("verifyUserPasscode", `wrong ${failure}`);
    const { verified, retryAfterSeconds } = answer.data.verifyUserPasscode;
    assert.equal(verified, false);
    waits.push(retryAfterSeconds);
    if (!retryAfterSeconds) continue;
    const early = await device.submit("verifyUserPasscode", "correct horse");
    assert.equal(codeOf(early), "CREDENTIAL_LOCKED");
    assert.equal(early.errors![0]!.extensions.retryAfterSeconds, retryAfterSeconds);
    if (failure < 10) service.clock.advance(retryAfterSeconds * SECOND);
  }
  assert.deepEqual(waits, [null, null, null, 1, 2, 4, 8, 16, 32, 86_400]);
  service.clock.advance(24 * HOUR - SECOND);
  assert.equal(
    codeOf(await device.submit("verifyUserPasscode", "correct horse")),
    "CREDENTIAL_LOCKED",
  );
  service.clock.advance(SECOND);
  assert.equal(await verified(device, "correct horse"), true);
  const failed = await device.submit("verifyUserPasscode", "wrong again");
  assert.equal(failed.data.verifyUserPasscode.verified, false);
  assert.equal(failed.data.verifyUserPasscode.retryAfterSeconds, null);
});

test("guesses sent all at once are counted one by one", async () => {
  const device = await Device.of(service);
  await device.submit("setUserPasscode", "correct horse");
  const guesses = Array.from({ length: 20 }, (_, i) =>
    device.submit("verifyUserPasscode", `guess ${i}`),
  );
  const answers = await Promise.all(guesses);
  const evaluated = answers.filter(({ data }) => data?.verifyUserPasscode.verified === false);
  // Three are free, and the fourth begins the delay.
  assert.equal(evaluated.length, 4);
  const refused = answers.filter((answer) => codeOf(answer) === "CREDENTIAL_LOCKED");
  assert.equal(refused.length, 16);
});

test("where no secret is set the answer is that of a wrong secret, lock and all", async () => {
  const device = await Device.of(service);
  for (let failure = 1; failure <= 4; failure++) {
    const answer = await device.submit("verifyUserPasscode", "anything at all");
    assert.deepEqual(answer.data.verifyUserPasscode, {
      verified: false,
      retryAfterSeconds: failure < 4 ? null : 1,
      failedAttempts: null,
      lastFailedAt: null,
    });
  }
  assert.equal(codeOf(await device.submit("verifyUserPasscode", "anything")), "CREDENTIAL_LOCKED");
  assert.equal((await device.submit("setUserPasscode", "correct horse")).errors, undefined);
  assert.equal(await verified(device, "correct horse"), true);
});

test("a payload is used once, however often it is sent", async () => {
  const device = await Device.of(service);
  await device.submit("setUserPasscode", "correct horse");
  const key = await device.key();
  const payload = device.encrypt(key, "verifyUserPasscode", "correct horse");
  const send = () => device.send("verifyUserPasscode", { keyId: key.keyId, payload });
  const answers = await Promise.all(Array.from({ length: 10 }, send));
  assert.equal(answers.filter(({ data }) => data?.verifyUserPasscode.verified).length, 1);
  assert.equal(answers.filter((answer) => codeOf(answer) === "PAYLOAD_REPLAYED").length, 9);
});

test("a payload is good for its operation and its time only", async () => {
  const device = await Device.of(service);
  await device.submit("setUserPasscode", "correct horse");
  const key = await device.key();
  const send = (operation: string, changes: object = {}) =>
    device.send("verifyUserPasscode", {
      keyId: key.keyId,
      payload: device.encrypt(key, operation, "correct horse", changes),
    });
  const issuedAt = (seconds: number) => ({
    issuedAt: new Date(service.clock.now().getTime() + seconds * SECOND).toISOString(),
  });
  assert.equal(codeOf(await send("setUserPasscode")), "PAYLOAD_INVALID");
  assert.equal(codeOf(await send("verifyUserPasscode", issuedAt(-300))), "PAYLOAD_EXPIRED");
  assert.equal(codeOf(await send("verifyUserPasscode", issuedAt(61))), "PAYLOAD_EXPIRED");
  assert.equal((await send("verifyUserPasscode", issuedAt(-299))).errors, undefined);
  assert.equal((await send("verifyUserPasscode", issuedAt(60))).errors, undefined);
});
