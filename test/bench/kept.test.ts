import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ENTRIES } from "../../bench/harness/entries.ts";
import { Kept } from "../../bench/harness/kept.ts";
import type { Result } from "../../bench/harness/round.ts";

const way = { sagasPerSecond: 1, cpuMs: 1, serversCpuMs: 1, foreignCores: 0 };
const result: Result = {
  durability: "",
  oneByOne: way,
  inBulk: way,
  latency: undefined,
  paced: undefined,
  peakMiB: 1,
};

test("a run that was ended goes on with the rounds that its file lacks", () => {
  const folder = mkdtempSync(join(tmpdir(), "odori-kept-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "run.jsonl");
  const [one, two] = ENTRIES;
  if (one === undefined || two === undefined) throw new Error("no contestants");
  new Kept(file).add(1, one, 100, result);
  const again = new Kept(file);
  expect([again.has(1, one, 100), again.has(2, one, 100), again.has(1, two, 100)]).toEqual([
    true,
    false,
    false,
  ]);
  again.add(2, one, 100, result);
  expect([...new Kept(file).results(ENTRIES)].map(([{ name }, all]) => [name, all.length])).toEqual(
    [[one.name, 2]],
  );
  // Rounds of another size would be mixed up with these.
  expect(() => again.has(1, one, 200)).toThrow(/has 100 sagas, not 200/);
});
