import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { movingTests, numbersTests, signInTests } from "./browser/dashboard.js";
import { currentPinTests, demoTests } from "./browser/demo.js";
import { failureTests } from "./browser/failures.js";
import { graphiqlTests } from "./browser/graphiql.js";
import { lookingUpTests } from "./browser/looking-up.js";
import { World } from "./browser/world.js";

/** Each test goes on where the one before ended, as a person at a browser would. */
describe("in a browser", () => {
  const world = new World();

  before(() => world.open());
  after(() => world.close());

  signInTests(world);
  demoTests(world);
  movingTests(world);
  currentPinTests(world);
  numbersTests(world);
  failureTests(world);
  lookingUpTests(world);
  graphiqlTests(world);

  test("whoever signs out sees nothing more", async () => {
    await world.dashboard.bringToFront();
    await world.dashboard.getByRole("button", { name: "Sign out" }).click();
    await world.dashboard.getByLabel("Bearer token").waitFor();
  });

  test("no page broke its policy, or failed", () => {
    assert.deepEqual(world.complaints.flat(), []);
  });
});
