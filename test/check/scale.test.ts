import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { mutual, nested, rowOfWaits, waits } from "./families.ts";
import { large } from "./large.ts";

describe("large choreographies", () => {
  it("37 services and 98 events are explored to the end in a few thousand states", () => {
    const manifest = toManifest(large({ stages: 12, width: 2 }));
    expect(manifest.services.size).toBe(37);
    const { ok, explored } = check(manifest);
    expect(ok).toBe(true);
    expect(explored.exhaustive).toBe(true);
    expect(explored.states).toBeLessThan(3_000);
  });

  it("says so when the budget runs out, and then claims nothing about what was not reached", () => {
    const { ok, explored, findings } = check(toManifest(large({ stages: 12, width: 2 })), {
      statesMax: 500,
    });
    expect(explored.exhaustive).toBe(false);
    expect(explored.states).toBeGreaterThanOrEqual(500);
    expect(findings.map(({ code }) => code)).toContain("NOT_EXHAUSTIVE");
    expect(findings.map(({ code }) => code)).not.toContain("NO_SUCCESS");
    // A spent budget is a warning, and what is not explored is not proved.
    expect(findings.every(({ severity }) => severity === "warning")).toBe(true);
    expect(ok).toBe(false);
  });

  it("a chain of ten thousand services ends, one way or the other", { timeout: 600_000 }, () => {
    const services = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => {
        const hears = index === 0 ? "chain.begun.v1" : `link${index - 1}.passed.v1`;
        return [
          `link${index}`,
          { reactions: [{ on: [hears], emits: [`link${index}.passed.v1`] }] },
        ];
      }),
    );
    const manifest = toManifest({
      odori: 1,
      name: "chain",
      begins: ["chain.begun.v1"],
      succeeds: ["link9999.passed.v1"],
      services,
    });
    const { explored } = check(manifest, { repairs: false });
    expect(explored.states).toBeGreaterThan(1_000);
  });

  it.each([
    [large({ stages: 1, width: 12 }), 1_000],
    [mutual(12), 1_000],
    [mutual(16), 2_000],
    [nested(2, 2), 1_000],
    [waits(5), 1_000],
    [waits(8), 3_000],
    [rowOfWaits(39), 2_000],
  ])("mutual-12 and other families are explored to the end: %#", (manifest, statesMax) => {
    const { explored } = check(toManifest(manifest), { statesMax, repairs: false });
    expect(explored.exhaustive).toBe(true);
  });
});

describe("events from outside", () => {
  it("a join of two of them runs, and what it breaks is found", () => {
    const manifest = toManifest({
      odori: 1,
      name: "case",
      begins: ["order.placed.v1"],
      succeeds: ["order.completed.v1"],
      fails: ["order.refused.v1"],
      arrives: ["bank.closed.v1", "post.closed.v1"],
      services: {
        order: {
          reactions: [{ on: ["order.placed.v1"], emits: ["order.completed.v1"], readonly: true }],
        },
        audit: {
          reactions: [
            {
              all: ["bank.closed.v1", "post.closed.v1"],
              emits: ["order.refused.v1"],
              readonly: true,
            },
          ],
        },
      },
    });
    for (const reduction of [true, false]) {
      const { explored, findings } = check(manifest, { reduction, repairs: false });
      const errors = findings.filter(({ severity }) => severity === "error");
      expect(explored.exhaustive).toBe(true);
      expect(errors.map(({ code }) => code)).toEqual(["MIXED_END"]);
    }
  });
});
