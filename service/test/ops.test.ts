import assert from "node:assert/strict";
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { loadConfig } from "../src/config/config.js";
import {
  argumentsOf,
  CONTEXT,
  DOCKERFILE,
  layOut,
  readStages,
  type Stage,
} from "./support/dockerfile.js";
import { startKms, type TestKms } from "./support/moto.js";
import { createTestDatabase } from "./support/test-database.js";
import { TOKEN_SETTINGS } from "./support/tokens.js";

const SERVICE = path.join(CONTEXT, "service");
/** Where Debian has them, and the addon looks first. */
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";
const stages = readStages();
const stageOf = (name: string | undefined): Stage => stages.find((stage) => stage.name === name)!;

let folder: string;
let kms: TestKms;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-ops-"));
  kms = await startKms();
});
after(async () => {
  await kms.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the Dockerfile is well-formed, and runs as nobody special", () => {
  assert.deepEqual(validate(DOCKERFILE), []);
  assert.equal(argumentsOf(stageOf(undefined), "USER"), "1000:1000");
});

test("the image has the authorities by which the addon knows KMS", () => {
  const base = argumentsOf(stageOf("build"), "FROM");
  assert.ok(!/slim|alpine/.test(base), `${base} has none itself`);
  const [copy] = stageOf(undefined).copies.filter(({ sources }) => sources.includes(AUTHORITIES));
  assert.equal(copy?.from, "build");
  assert.equal(path.join(copy.destination, path.basename(AUTHORITIES)), AUTHORITIES);
});

test("what is copied is in the repository, or made by a stage before", () => {
  for (const [i, stage] of stages.entries()) {
    for (const { from, sources } of stage.copies) {
      if (from)
        assert.ok(
          stages.slice(0, i).some(({ name }) => name === from),
          from,
        );
      else execFileSync("git", ["ls-files", "--error-unmatch", ...sources], { cwd: CONTEXT });
    }
  }
});

test("the sources that are copied are enough to build", () => {
  const root = path.join(folder, "build");
  layOut(stageOf("build"), root, (source) => source.startsWith("/usr/"));
  const app = path.join(root, "app");
  const cargo = ["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"];
  execFileSync("cargo", cargo, { cwd: app, stdio: ["ignore", "ignore", "inherit"] });
  const modules = path.join(app, "service/node_modules");
  linkModules(modules, () => true);
  const install = `require("./scripts/prepare.js").installPackage("service")`;
  execFileSync(process.execPath, ["-e", install], { cwd: app });
  symlinkSync(path.join(CONTEXT, "node_modules"), path.join(app, "node_modules"));
  const command = stageOf("build").instructions.at(-1)!.getArgumentsContent()!;
  assert.equal(command, "npm --prefix service run build");
  execFileSync("npm", command.split(" ").slice(1), { cwd: app, stdio: "pipe" });
});

test("the image has all that the service runs with", async () => {
  const root = path.join(folder, "image");
  const image = stageOf(undefined);
  layOut(image, root, (source) => source.endsWith("node_modules") || source === AUTHORITIES);
  const service = path.join(root, "app/service");
  linkModules(path.join(service, "node_modules"), (name) => !isForDevelopment(name));
  const database = await createTestDatabase();
  const environment = {
    ...variablesOf(image),
    ...kms.environment,
    ...TOKEN_SETTINGS,
    PATH: process.env.PATH,
    KMS_KEY_ID: await kms.createKey(),
    HOST: "127.0.0.1",
    PORT: "0",
    DATA_DIR: path.join(folder, "data"),
    ...(database && { DATABASE_URL: database.url }),
  };
  const [program, ...words] = JSON.parse(argumentsOf(image, "CMD")) as string[];
  const child = spawn(program!, words, {
    cwd: service,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const { port } = new URL(await addressOf(child));
    assert.equal(healthOf(image, port), 0);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.equal(healthOf(image, port), 1);
    // Not at once: the way to KMS leads through this process.
    const move = await promisify(execFile)(program!, ["dist/src/rewrap/main.js", "--check"], {
      cwd: service,
      env: environment,
    });
    // The key of the integrity codes, the pepper of the secrets, and the key that signs receipts.
    assert.match(move.stdout, /^3 opened with the new key alone/);
  } finally {
    child.kill("SIGKILL");
    await database?.drop();
  }
});

test("the compose file sets what production needs, and no setting that there is not", () => {
  const { services } = parse(readFileSync(path.join(SERVICE, "ops/compose.yaml"), "utf8"));
  const { build, environment, ports } = services.service;
  const base = path.join(SERVICE, "ops", build.context);
  assert.equal(path.resolve(base), path.resolve(CONTEXT));
  assert.match(readFileSync(path.join(base, build.dockerfile), "utf8"), /^FROM /m);
  assert.deepEqual(ports, ["127.0.0.1:3000:3000"]);
  const chosen = {
    POSTGRES_PASSWORD: "secret",
    KMS_KEY_ID: "alias/app",
    AUTH_JWKS_URL: "https://login.example/keys",
    AUTH_ISSUER: "https://login.example",
    AUTH_AUDIENCE: "keys",
  };
  const settings = Object.fromEntries(
    Object.entries(environment as Record<string, string | null>).map(([name, value]) => [
      name,
      value?.replace(/\$\{(\w+):\?[^}]*\}/g, (_, word: keyof typeof chosen) => chosen[word]),
    ]),
  );
  const config = loadConfig({ ...variablesOf(stageOf(undefined)), ...settings });
  assert.deepEqual([config.isProduction, config.KMS_KEY_ID], [true, "alias/app"]);
  assert.equal(config.DATABASE_URL, "postgres://service:secret@postgres/service");
  const readme = readFileSync(path.join(SERVICE, "README.md"), "utf8");
  for (const name of Object.keys(settings)) {
    assert.ok(name.startsWith("AWS_") || readme.includes(`\`${name}\``), name);
  }
});

test("the compose file passes every setting that it does not choose itself", () => {
  const { services } = parse(readFileSync(path.join(SERVICE, "ops/compose.yaml"), "utf8"));
  const passed = Object.keys(services.service.environment);
  const image = Object.keys(variablesOf(stageOf(undefined)));
  const source = readFileSync(path.join(SERVICE, "src/config/fields.ts"), "utf8");
  const known = [...source.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name!);
  // With a JWKS address there is no shared secret.
  const missing = known.filter(
    (name) => ![...passed, ...image, "AUTH_SHARED_SECRET"].includes(name),
  );
  assert.deepEqual(missing, []);
});

test("behind the compose file's proxy, clients and pages elsewhere are told apart", async () => {
  const { services } = parse(readFileSync(path.join(SERVICE, "ops/compose.yaml"), "utf8"));
  const names = Object.keys(services.service.environment);
  const outside: Record<string, string> = {
    TRUST_PROXY: "1",
    CORS_ORIGINS: "https://app.example",
    LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "3",
  };
  // Compose hands on what it names, and nothing else.
  const handedOn = Object.fromEntries(
    Object.entries(outside).filter(([name]) => names.includes(name)),
  );
  const { startTestService } = await import("./support/app.js");
  const service = await startTestService({ ...handedOn, PROBE_PORT: "0" });
  try {
    const ask = (address: string) =>
      fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-forwarded-for": address,
          origin: "https://app.example",
        },
        body: JSON.stringify({ query: "{ whoAmI { userId } }" }),
      });
    for (let i = 0; i < 3; i++) assert.equal((await ask("192.0.2.1")).status, 200);
    assert.equal((await ask("192.0.2.1")).status, 429);
    const other = await ask("192.0.2.2");
    assert.equal(other.status, 200);
    assert.equal(other.headers.get("access-control-allow-origin"), "https://app.example");
    const { port } = new URL(service.probeUrl!);
    assert.equal(await healthAt(stageOf(undefined), { PORT: "1", PROBE_PORT: port }), 0);
  } finally {
    await service.close();
  }
});

function variablesOf(stage: Stage): Record<string, string> {
  const pairs = argumentsOf(stage, "ENV").split(" ");
  return Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string]));
}

/** The service's modules, without the package itself. */
function linkModules(modules: string, wanted: (name: string) => boolean): void {
  mkdirSync(modules, { recursive: true });
  for (const name of installed.filter(wanted)) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(SERVICE, "node_modules", name), path.join(modules, name));
  }
}

const locked = JSON.parse(readFileSync(path.join(SERVICE, "package-lock.json"), "utf8")).packages;
const installed = Object.keys(
  JSON.parse(readFileSync(path.join(SERVICE, "node_modules/.package-lock.json"), "utf8")).packages,
)
  .filter((name) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(name))
  .map((name) => name.slice("node_modules/".length));

function isForDevelopment(name: string): boolean {
  return locked[`node_modules/${name}`]?.dev === true;
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const { msg, url } = JSON.parse(line) as { msg: string; url: string };
      if (msg === "listening") resolve(url);
    });
    child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
  });
}

/** The same, where the service answers in this process, which therefore must not wait. */
async function healthAt(image: Stage, env: Record<string, string>): Promise<number | null> {
  const [program, ...words] = JSON.parse(
    argumentsOf(image, "HEALTHCHECK").replace(/^(.*? )?CMD /, ""),
  );
  const child = spawn(program, words, { env: { PATH: process.env.PATH, ...env } });
  const [code] = await once(child, "exit");
  return code;
}

/** What the health check of the image ends with. */
function healthOf(image: Stage, port: string): number | null {
  const [program, ...words] = JSON.parse(
    argumentsOf(image, "HEALTHCHECK").replace(/^(.*? )?CMD /, ""),
  );
  return spawnSync(program, words, { env: { PATH: process.env.PATH, PORT: port } }).status;
}
