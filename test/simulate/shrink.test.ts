import { expect, it } from "vitest";
import { shrink } from "../../src/simulate/shrink.ts";
import { unluckyRun } from "./unlucky.ts";

it("a run with many departures is told as a shorter one of another seed", async () => {
  const { stage, seed, found } = await unluckyRun();
  expect((await shrink(stage, found)).result.taken).toHaveLength(5);
  expect((await shrink(stage, found, seed)).result.taken).toHaveLength(2);
});
