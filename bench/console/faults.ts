import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import {
  asked,
  clockBehind,
  consoleOf,
  discarded,
  type FaultCase,
  parked,
  SAGA,
  stage,
  undeclared,
  waiting,
} from "../../test/observer/fault-cases.ts";
import type { Figure } from "./figure.ts";

const GOAL_MS = 2_000;
/** Longer, and it is not seen at all. */
const PATIENCE_MS = 30_000;

/**
 * How long faults take from when they are written until a console says what they are, and where.
 * In each round a fault happens at another moment of the observer's.
 */
export async function faultsFigure(folder: string, rounds: number): Promise<Figure> {
  const cases = [...waiting, parked, discarded, undeclared, clockBehind];
  let [worstMs, slowest] = [0, ""];
  for (let round = 0; round < rounds; round++)
    for (const one of cases) {
      const ms = await seenAfter(mkdtempSync(join(folder, "fault-")), one);
      if (ms > worstMs) [worstMs, slowest] = [ms, one.fault];
    }
  return {
    name: `${cases.length} kinds of faults, ${rounds} times each: until they are seen as they are`,
    measured: `at worst ${Math.round(worstMs)} ms (${slowest})`,
    goal: `${GOAL_MS.toLocaleString("en")} ms`,
    met: worstMs <= GOAL_MS,
  };
}

async function seenAfter(folder: string, fault: FaultCase): Promise<number> {
  await using staged = await stage(folder, fault);
  const console = consoleOf(folder);
  const ask = (path: string) => asked(console, path);
  try {
    await until(async () => (await ask("/api/v1/ledger")).complete);
    await staged.write();
    const began = performance.now();
    await until(async () => {
      const { sagas } = await ask("/api/v1/sagas");
      if (sagas[0]?.verdict !== fault.verdict) return false;
      const { saga, why } = await ask(`/api/v1/sagas/${SAGA}`);
      const { where, notRunning } = why?.[0] ?? {};
      const isThere = fault.place === undefined || isSame(fault.place, { where, notRunning });
      return saga?.verdict === fault.verdict && isThere;
    });
    return performance.now() - began;
  } finally {
    await console.close();
  }
}

function isSame(place: FaultCase["place"], other: NonNullable<FaultCase["place"]>): boolean {
  return place?.where === other.where && place.notRunning === other.notRunning;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error("what was written is not seen as what it is");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
