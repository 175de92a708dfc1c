import { describe, expect, it } from "vitest";
import { checkRolling } from "../../src/check/rolling/check-rolling.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { DEPLOYMENTS, paying, shop } from "./rolling-cases.ts";

function errorsOf(old: Manifest, now: Manifest, services: readonly string[], rollback = false) {
  const report = checkRolling(old, now, { services, rollback });
  const errors = report.findings.filter(({ severity }) => severity === "error");
  return { report, errors, codes: [...new Set(errors.map(({ code }) => code))].sort() };
}

describe("deployments of one service", () => {
  it.each(DEPLOYMENTS)("$name", ({ old, now, service, rollback = false, codes }) => {
    const found = errorsOf(old, now, [service], rollback);
    expect(found.codes).toEqual(codes);
    expect(found.report.ok).toBe(codes.length === 0);
    for (const { trace } of found.errors) expect(trace?.length).toBeGreaterThan(0);
  });

  it("the trace names the versions, and the moment at which the deployment breaks", () => {
    const [v1, v2] = ["payment.authorized.v1", "payment.authorized.v2"];
    const { errors } = errorsOf(shop(paying("v1"), v1), shop(paying("v2"), v1), ["payment"]);
    expect(errors.flatMap(({ trace = [] }) => trace)).toEqual([
      expect.objectContaining({ service: "order", does: "begins" }),
      expect.objectContaining({ service: "payment(NEW)", does: "does", emits: [v2] }),
      expect.objectContaining({ service: "payment(old)", does: "stops" }),
    ]);
  });

  it("what the old version alone does wrong is a warning, and says so", () => {
    const broken = shop(paying("v1"), "payment.declined.v1");
    const { report } = errorsOf(broken, broken, ["payment"]);
    expect(report.ok).toBe(true);
    expect(report.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      "warning STUCK",
    ]);
    expect(report.findings[0]?.message).toContain("the old version alone");
  });

  it("an unknown service is refused", () => {
    const one = shop(paying("v1"), "payment.authorized.v1");
    expect(() => checkRolling(one, one, { services: ["mail"] })).toThrow("no service is called");
  });

  it("a spent budget is not safe, and says so", () => {
    const one = shop(paying("v1"), "payment.authorized.v1");
    const report = checkRolling(one, one, { services: ["payment"], statesMax: 2 });
    expect(report.ok).toBe(false);
    expect(report.findings.map(({ code }) => code)).toContain("NOT_EXHAUSTIVE");
  });
});

describe("an order of deployments", () => {
  const old = shop(paying("v1"), "payment.authorized.v1");
  const now = shop(paying("v2"), "payment.authorized.v1", "payment.authorized.v2");

  it("is found where there is one", () => {
    const { ok, order, steps } = checkRolling(old, now);
    expect(ok).toBe(true);
    expect(order).toEqual({ safe: ["stock", "payment"], tried: 3, exhaustive: true });
    expect(steps.map(({ service, safe }) => [service, safe])).toEqual([
      ["stock", true],
      ["payment", true],
    ]);
  });

  it("is named where another one was asked for", () => {
    const { report, codes } = errorsOf(old, now, ["payment", "stock"]);
    expect(codes).toEqual(["STUCK"]);
    expect(report.steps.map(({ service }) => service)).toEqual(["payment"]);
    expect(report.order?.safe).toEqual(["stock", "payment"]);
  });

  it("there is none where each has to wait for the other", () => {
    const swapped = shop(paying("v2"), "payment.authorized.v2");
    const { ok, order } = checkRolling(old, swapped);
    expect(ok).toBe(false);
    expect(order?.safe).toBeNull();
    expect(order?.exhaustive).toBe(true);
  });

  it("a service that is not named is deployed already", () => {
    const { report, codes } = errorsOf(old, now, ["payment"]);
    expect(codes).toEqual([]);
    expect(report.assumptions).toContain("Deployed already: stock.");
  });
});

/* As they stand there: parts of choreographies, without ends, whose events come from outside. */
describe("diff-does-not-see-the-past: what is asked before a deployment", () => {
  const base = (reactions: readonly unknown[], deadlines: readonly unknown[] = []) =>
    toManifest({
      odori: 1,
      name: "shop",
      begins: ["order.placed.v1"],
      services: { order: { begins: ["order.placed.v1"] }, payment: { reactions, deadlines } },
    });
  const notes = (on: readonly string[]) => ({ on, emits: ["payment.noted.v1"], readonly: true });
  const joins = (...all: readonly string[]) => ({ all, emits: ["payment.noted.v1"] });
  const asks = { on: ["order.placed.v1"], emits: ["payment.asked.v1"] };
  const expires = {
    after: "payment.asked.v1",
    within: "PT15M",
    unless: ["bank.answered.v1"],
    emits: "payment.expired.v1",
  };
  const two = ["order.placed.v1", "order.changed.v1"];

  it.each([
    {
      what: "a reaction without a name hears one event more",
      old: base([notes(two)]),
      now: base([notes([...two, "order.split.v1"])]),
      code: "DEDUP_LOST",
      breaks: { service: "payment(NEW)", again: true },
    },
    {
      what: "a join without a name waits for one event less",
      old: base([joins("a.done.v1", "b.done.v1", "c.done.v1")]),
      now: base([joins("a.done.v1", "b.done.v1")]),
      code: "REACTION_GONE",
      breaks: { service: "payment(old)", does: "stops" },
    },
    {
      what: "a deadline is taken away",
      old: base([asks], [expires]),
      now: base([asks]),
      code: "DEADLINE_GONE",
      breaks: { service: "payment(old)", does: "stops" },
    },
  ])("$what", ({ old, now, code, breaks }) => {
    const { report, errors } = errorsOf(old, now, ["payment"]);
    expect(report.ok).toBe(false);
    const traces = errors.filter((finding) => finding.code === code).map(({ trace }) => trace);
    expect(traces.map((trace) => trace?.at(-1))).toContainEqual(expect.objectContaining(breaks));
    // It is the only service that changes, so no order helps.
    expect(report.order).toBeUndefined();
  });

  it("an effect in a new version of its event is found by its undo", () => {
    const charges = (version: string) =>
      base([
        { on: ["order.placed.v1"], emits: [`payment.authorized.${version}`] },
        {
          on: ["stock.sold_out.v1"],
          undoes: `payment.authorized.${version}`,
          emits: ["payment.refunded.v1"],
        },
      ]);
    const { report } = errorsOf(charges("v1"), charges("v2"), ["payment"], true);
    expect(report.findings).toEqual([]);
    expect(report.assumptions).toContain(
      "From outside come, each once or never: stock.sold_out.v1.",
    );
  });
});
