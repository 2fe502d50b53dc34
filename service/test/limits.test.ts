import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, mock, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Readiness } from "../src/health/readiness.js";
import { addressGroup, readAddress } from "../src/limits/client-address.js";
import { FairQueue } from "../src/limits/fair-queue.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

const ME = "{ whoAmI { userId } }";

let service: TestService;
before(async () => {
  service = await startTestService({
    TRUST_PROXY: "1",
    LIMIT_USER_REQUESTS_PER_MINUTE: "10",
    LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "10",
  });
});
after(() => service.close());

/** The statuses of so many requests, each as if it came from an address. */
async function ask(count: number, token: string | undefined, from: (i: number) => string) {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-forwarded-for": from(i),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query: ME }),
    });
    statuses.push(response.status);
    await response.arrayBuffer();
  }
  return statuses;
}

const refused = (statuses: number[]) => statuses.filter((status) => status === 429).length;

test("users behind one address have a limit each, and rubbish from there is not theirs", async () => {
  const office = () => "198.51.100.7";
  const [ada, grace] = [await service.token("ada"), await service.token("grace")];
  assert.equal(refused(await ask(30, undefined, office)), 20);
  assert.equal(refused(await ask(5, "not.a.token", office)), 5);
  assert.equal(refused(await ask(13, ada, office)), 3);
  assert.equal(refused(await ask(10, grace, office)), 0);
  // Nor has she more of them from elsewhere.
  assert.equal(refused(await ask(1, ada, () => "198.51.100.8")), 1);
  const answer = await service.graphql(ME, {}, ada);
  assert.equal(codeOf(answer), "TOO_MANY_REQUESTS");
  assert.equal(answer.errors![0]!.extensions.limit, "user");
});

test("a port or brackets in x-forwarded-for make no address of their own", async () => {
  assert.equal(refused(await ask(15, undefined, (i) => `203.0.113.9:${40_000 + i}`)), 5);
  assert.equal(refused(await ask(15, undefined, (i) => `[2001:db8::9]:${40_000 + i}`)), 5);
  assert.equal(refused(await ask(1, undefined, () => "2001:db8:0:0:ffff::1")), 1);
  // What is no address at all counts for the proxy that sent it.
  assert.equal(refused(await ask(15, undefined, (i) => `unknown-${i}`)), 5);
});

test("probes are not limited", async () => {
  const statuses = await Promise.all(
    Array.from({ length: 50 }, async () => (await fetch(`${service.url}/livez`)).status),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
});

test("with PROBE_PORT probes are answered there, and nothing else is", async () => {
  const apart = await startTestService({ PROBE_PORT: "0" });
  try {
    const statusOf = async (url: string) => (await fetch(url)).status;
    for (const probe of ["/livez", "/readyz"]) {
      assert.equal(await statusOf(`${apart.probeUrl}${probe}`), 200);
      assert.equal(await statusOf(`${apart.url}${probe}`), 404);
    }
    for (const other of ["/LIVEZ", "/readyz/", "/METRICS"]) {
      assert.equal(await statusOf(`${apart.url}${other}`), 404, other);
    }
    assert.equal(await statusOf(`${apart.probeUrl}/metrics`), 401);
    assert.equal(await statusOf(`${apart.probeUrl}/dashboard/`), 404);
    assert.equal((await apart.graphql(ME, {}, await apart.token("ada"))).errors, undefined);
  } finally {
    await apart.close();
  }
});

test("what is no probe, or not answered here, is limited although it has the path of one", async () => {
  const settings = { LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "3" };
  const apart = await startTestService({ ...settings, PROBE_PORT: "0" });
  const together = await startTestService(settings);
  const statuses = async (url: string, method: string) => {
    const four = [1, 2, 3, 4].map(() => fetch(url, { method }));
    return (await Promise.all(four)).map(({ status }) => status).sort();
  };
  try {
    assert.deepEqual(await statuses(`${apart.url}/readyz`, "GET"), [404, 404, 404, 429]);
    assert.deepEqual(await statuses(`${together.url}/readyz`, "POST"), [404, 404, 404, 429]);
  } finally {
    await Promise.all([apart.close(), together.close()]);
  }
});

test("a flood of probes asks the database one question at a time", async () => {
  const { orm } = service.database;
  const execute = mock.method(orm, "execute");
  try {
    const readiness = service.app.get(Readiness);
    const probes = Array.from({ length: 50 }, () => readiness.check());
    for (const { status } of await Promise.all(probes)) assert.equal(status, "ok");
    assert.equal(execute.mock.callCount(), 1);
    await readiness.check();
    assert.equal(execute.mock.callCount(), 2);
  } finally {
    execute.mock.restore();
  }
});

test("addresses are read in each form that proxies send", () => {
  const forms = {
    "203.0.113.9": "203.0.113.9",
    "203.0.113.9:4711": "203.0.113.9",
    '"[2001:DB8::0009]:4711"': "2001:db8::9",
    "[2001:db8::9]": "2001:db8::9",
    "2001:0db8:0000::0009": "2001:db8::9",
    "::ffff:203.0.113.9": "203.0.113.9",
    "::ffff:cb00:7109": "203.0.113.9",
    "fe80::1%eth0": "fe80::1",
    " 203.0.113.9 ": "203.0.113.9",
    "203.0.113.9:port": undefined,
    "203.0.113.999": undefined,
    unknown: undefined,
    "": undefined,
  };
  for (const [text, address] of Object.entries(forms)) assert.equal(readAddress(text), address);
  assert.equal(addressGroup("2001:db8::9"), addressGroup("2001:db8:0:0:1::"));
  assert.notEqual(addressGroup("2001:db8::9"), addressGroup("2001:db8:0:1::9"));
});

test("a body that does not come is not waited for", async () => {
  const patient = await startTestService({ BODY_TIMEOUT_SECONDS: "1" });
  try {
    const { port } = new URL(patient.url);
    const socket = connect(Number(port), "127.0.0.1");
    const head = ["POST /graphql HTTP/1.1", "host: localhost", "content-type: application/json"];
    socket.write([...head, "content-length: 100", "", '{"query":'].join("\r\n"));
    let answer = "";
    socket.on("data", (data: Buffer) => (answer += data.toString()));
    await once(socket, "close");
    assert.match(answer, /^HTTP\/1\.1 408 .*"code":"REQUEST_TIMEOUT"/s);
  } finally {
    await patient.close();
  }
});

test("a flood of one user does not keep others waiting until it is over", async () => {
  const queue = new FairQueue({ atOnce: 4, atOnceOfUser: 2, waitingOfUser: 100 });
  const begun: string[] = [];
  const work = (user: string) =>
    queue.run(user, async () => {
      begun.push(user);
      await delay(5);
    });
  const flood = Array.from({ length: 50 }, () => work("flood"));
  const others = ["ada", "grace", "ada", "ada"].map(work);
  await delay(0);
  // Of the flood two have begun, and there are places for others.
  assert.deepEqual(begun, ["flood", "flood", "ada", "grace"]);
  await Promise.all(others);
  assert.ok(begun.length < 20, "the flood came first");
  await Promise.all(flood);
  assert.equal(begun.length, 54);
  const more = Array.from({ length: 103 }, () => work("flood"));
  const refusals = (await Promise.allSettled(more)).filter(({ status }) => status === "rejected");
  assert.equal(refusals.length, 1);
});

test("an error in its turn leaves the place to the next", async () => {
  const queue = new FairQueue({ atOnce: 1, atOnceOfUser: 1, waitingOfUser: 10 });
  const failing = queue.run("ada", () => Promise.reject(new Error("failed")));
  const next = queue.run("ada", async () => "done");
  await assert.rejects(failing, /failed/);
  assert.equal(await next, "done");
});

test("while one user asks for hundreds of keys, another is served", async () => {
  const busy = await startTestService({
    LIMIT_DEVICE_GENERATIONS: "1000",
    LIMIT_USER_GENERATIONS: "1000",
  });
  try {
    const [flooder, ada] = await Promise.all(
      ["flooder", "ada"].map(async (user) => new Device(busy, await busy.token(user), user)),
    );
    let answered = 0;
    const flood = Array.from({ length: 60 }, () => flooder!.rotate().then(() => answered++));
    await Promise.race(flood);
    assert.equal((await ada!.generate()).errors, undefined);
    assert.ok(answered < 30, `${answered} came first`);
    await Promise.all(flood);
  } finally {
    await busy.close();
  }
});

test("a flood from one address is refused", async () => {
  const flooded = await startTestService({ LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "20" });
  try {
    const answers = await Promise.all(Array.from({ length: 50 }, () => flooded.graphql(ME)));
    const floods = answers.filter(({ status }) => status === 429);
    assert.equal(floods.length, 30);
    for (const answer of floods) {
      assert.equal(codeOf(answer), "TOO_MANY_REQUESTS");
      const { retryAfterSeconds } = answer.errors![0]!.extensions;
      assert.ok(retryAfterSeconds > 0 && retryAfterSeconds <= 60);
    }
  } finally {
    await flooded.close();
  }
});

test("an address that makes keys for many users is stopped", async () => {
  const limited = await startTestService({ LIMIT_ADDRESS_GENERATIONS: "3" });
  try {
    for (let i = 0; i < 4; i++) {
      const device = new Device(limited, await limited.token(`user-${i}`), `device-${i}`);
      const answer = await device.generate();
      if (i < 3) assert.equal(answer.errors, undefined);
      else assert.equal(answer.errors![0]!.extensions.limit, "address");
    }
  } finally {
    await limited.close();
  }
});
