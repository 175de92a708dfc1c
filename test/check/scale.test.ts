import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { toManifest } from "../../src/manifest/read.ts";
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

  it("a chain of ten thousand services ends, one way or the other", { timeout: 60_000 }, () => {
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

  it("twelve services that all wait for one another's failures stop at the budget", () => {
    const { explored } = check(toManifest(large({ stages: 1, width: 12 })), {
      statesMax: 20_000,
      repairs: false,
    });
    expect(explored.exhaustive).toBe(false);
  });
});
