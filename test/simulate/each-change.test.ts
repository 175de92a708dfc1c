import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";

/* What the documentation advises for each pull request, for our own; `.ci/night` goes further. */

const SIMULATIONS = [
  join("examples", "order", "order.simulation.ts"),
  join("test", "simulate", "modules", "trip.simulation.ts"),
];

describe.each(SIMULATIONS)("%s is right", { timeout: 300_000 }, (module) => {
  it.each([
    ["in every run with one departure from the calm one", "--systematic", "1"],
    ["in 2,000 runs that seeds draw, with all that can happen", "--seeds", "2000"],
  ])("%s", async (_, ...flags) => {
    const { status, out } = await odori(["simulate", module, "--json", ...flags], undefined, ROOT);
    expect([status, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ ok: true, findings: [], leaks: [], outdated: [] }),
    ]);
  });
});
