import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { explore } from "../../src/check/explore.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "./broken.ts";
import { large } from "./large.ts";
import { toPromela } from "./promela.ts";
import { SOUND } from "./sound.ts";
import { hasSpin, spinStates } from "./spin.ts";

/**
 * What Spin has counted, for machines on which it is not installed: `spin.test.ts` compares it
 * wherever it is.
 */
const COUNTED: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(new URL("spin-counts.json", import.meta.url), "utf8"),
);

const chosen = [
  ...SOUND,
  ...BROKEN.filter(({ codes }) => !codes.includes("UNBOUNDED_LOOP")),
  { name: "wide", manifest: large({ stages: 2, width: 3 }) },
];

describe("as many states as Spin finds", () => {
  it.each(chosen)("$name", ({ name, manifest }) => {
    const model = compile(toManifest(manifest));
    const { states, exhaustive } = explore(model, { statesMax: 1_000_000 });
    expect(exhaustive).toBe(true);
    // Spin counts the state before the beginning too.
    expect(states + 1).toBe(COUNTED[name]);
  });

  // A C compiler for each: a few stand for all, and the counts above were made the same way.
  const live = hasSpin()
    ? chosen.filter((_, index) => index % 8 === 1 || index === chosen.length - 1)
    : [];
  it(`Spin itself, on ${live.length} of them`, { timeout: 600_000 }, () => {
    for (const { name, manifest } of live)
      expect([name, spinStates(toPromela(compile(toManifest(manifest))))]).toEqual([
        name,
        COUNTED[name],
      ]);
  });
});
