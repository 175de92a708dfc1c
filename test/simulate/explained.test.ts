import assert from "node:assert/strict";
import { choreography, event, service } from "odori";
import { type SimulationOptions, simulate } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { findingOf } from "./finding-of.ts";
import { charged, placed, shopWith } from "./shop.ts";

const HERE = /explained\.test\.ts:\d+$/;

describe("a delivery that is given up on", () => {
  const thrown = new Error(`No cards today: ${"!".repeat(1_000)}`);
  const fail = () => {
    throw thrown;
  };

  it("says whose it is, why, and where the error was thrown", async () => {
    const { choreography, options } = shopWith(fail);
    const error = await findingOf(simulate(choreography, { ...options, seeds: 30 }));
    const [finding] = error.findings;
    expect(finding).toMatchObject({
      code: "PARKED",
      sagaId: "o-1",
      service: "payment",
      reaction: "order.placed",
      attempts: 25,
      problem: { code: "HANDLER_FAILED", message: expect.stringMatching(/^No cards .{380,390}…$/) },
      at: expect.stringMatching(HERE),
    });
    expect(error.cause).toBe(thrown);
    expect(error.message).toContain("reaction order.placed, HANDLER_FAILED (o-1)\n  No cards");
    expect(error.message).toMatch(/^ {2}at test\/simulate\/explained\.test\.ts:\d+$/m);
  });

  it("shows in the picture why it failed, and equal failures once", async () => {
    const { choreography, options } = shopWith(fail);
    const { message } = await findingOf(simulate(choreography, { ...options, seeds: 30 }));
    expect(message).toMatch(/● fails, and will try again × 24: No cards today: !+…$/m);
    expect(message).toMatch(/● gives up: No cards today: !+…$/m);
    expect(message.split("\n").length).toBeLessThan(30);
  });

  it("keeps failures apart that differ, or between which something has happened", async () => {
    let calls = 0;
    const { choreography, options } = shopWith(
      () => {
        throw new Error(calls++ < 3 ? "at first" : "later");
      },
      {
        reset: () => {
          calls = 0;
        },
      },
    );
    const { message } = await findingOf(simulate(choreography, { ...options, seeds: 1 }));
    expect(message).toMatch(/fails, and will try again × 3: at first\n/);
    expect(message).toMatch(/fails, and will try again × 21: later\n/);
  });
});

it("an assertion of `holds` says its line, and is the cause", async () => {
  const { choreography, options } = shopWith(() => {}, {
    holds: () => assert.equal(1, 2, "one is two"),
  });
  const error = await findingOf(simulate(choreography, { ...options, seeds: 1 }));
  expect(error.findings).toMatchObject([{ code: "INVARIANT", at: expect.stringMatching(HERE) }]);
  expect(error.cause).toBeInstanceOf(assert.AssertionError);
});

it("what is wrong with a saga is said once", async () => {
  const refused = event("stock.refused.v1", z.object({ orderId: z.string() }));
  const order = service<Sql>("order").begins(placed);
  const payment = service<Sql>("payment").on(placed, {
    emits: [charged],
    handle: ({ data }) => charged(data),
  });
  const stock = service<Sql>("stock").on(placed, {
    emits: [refused],
    handle: ({ data }) => refused(data),
  });
  const mixed = choreography("mixed", {
    services: [order, payment, stock],
    begins: [placed],
    succeeds: [charged],
    fails: [refused],
  });
  const given: SimulationOptions<Sql>["given"] = ({ begin }) =>
    begin(order, "o-1", () => placed({ orderId: "o-1" }));
  const error = await findingOf(simulate(mixed, { given, seeds: 1 }));
  expect(error.findings.map(({ code }) => code)).toEqual(["EARLY_END"]);
});
