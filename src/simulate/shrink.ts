import type { Departure, Schedule } from "./decisions.ts";
import type { SimulationCode } from "./findings.ts";
import { STATE_OUTLIVES_A_RUN } from "./first-run.ts";
import { type RunResult, SimulatedRun } from "./run.ts";
import { realNow, search } from "./search.ts";
import type { Stage } from "./stage.ts";
import { systematic } from "./systematic.ts";

const RUNS_MAX = 2_000;
const LIMIT_MS = 60_000;
/** With more departures than this, a run is hard to read. */
const FEW = 3;
/** How long other runs are looked for, and among how many seeds each. */
const OTHERS_MS = 1_000;
const OTHERS_MAX = 1_000;

/** A run that goes wrong, with as few departures as were found. */
export interface Shrunk {
  readonly result: RunResult;
  readonly runs: number;
}

/**
 * Leaves out departures and makes others smaller, while the run goes wrong in the same way. One
 * shrinker covers order, faults and data: all are decisions. With the `seed` that drew the run,
 * later ones are tried where it has still many departures: each ends in a minimum of its own.
 */
export async function shrink<Native>(
  stage: Stage<Native>,
  found: RunResult,
  seed?: number,
): Promise<Shrunk> {
  const shrunk = await shrinkOne(stage, found, { until: realNow() + LIMIT_MS, thorough: true });
  if (seed === undefined || shrunk.result.findings[0]?.code === "NOT_REPRODUCED") return shrunk;
  let { result, runs } = shrunk;
  const until = realNow() + OTHERS_MS;
  for (let from = seed + 1; result.taken.length > FEW && realNow() < until; ) {
    const other = await search(stage, { from, seeds: OTHERS_MAX, until });
    runs += other.runs;
    if (!("result" in other) || other.seed === undefined) break;
    from = other.seed + 1;
    if (other.result.findings[0]?.code !== found.findings[0]?.code) continue;
    const next = await shrinkOne(stage, other.result, { until, thorough: false });
    runs += next.runs;
    if (next.result.taken.length < result.taken.length) result = next.result;
  }
  return { result, runs };
}

async function shrinkOne<Native>(
  stage: Stage<Native>,
  found: RunResult,
  { until, thorough }: { readonly until: number; readonly thorough: boolean },
): Promise<Shrunk> {
  const code = found.findings[0]?.code;
  const shrinker = new Shrinker(stage, code, until);
  if (!(await shrinker.fails(found.taken))) {
    const { last: again, runs } = shrinker;
    return { result: again === undefined ? found : notReproduced(found, again), runs };
  }
  await shrinker.withoutKinds();
  for (let before = -1; before !== shrinker.best.length && shrinker.may; ) {
    before = shrinker.best.length;
    await shrinker.withoutPieces();
    await shrinker.smallerValues();
  }
  if (thorough) await shrinker.shorter();
  return { result: shrinker.result ?? found, runs: shrinker.runs };
}

class Shrinker<Native> {
  best: Schedule = [];
  result: RunResult | undefined;
  last: RunResult | undefined;
  runs = 0;
  readonly #stage: Stage<Native>;
  readonly #code: SimulationCode | undefined;
  readonly #until: number;

  constructor(stage: Stage<Native>, code: SimulationCode | undefined, until: number) {
    this.#until = until;
    this.#stage = stage;
    this.#code = code;
  }

  /** Whether it may try once more. */
  get may(): boolean {
    return this.runs < RUNS_MAX && realNow() < this.#until;
  }

  /** Tries a schedule. If it goes wrong in the same way, what it really took is the best. */
  async fails(schedule: Schedule): Promise<boolean> {
    if (!this.may) return false;
    this.runs++;
    const result = await new SimulatedRun(this.#stage, { schedule }).play();
    this.last = result;
    if (result.findings[0]?.code !== this.#code) return false;
    this.best = result.taken;
    this.result = result;
    return true;
  }

  /** Tries without all departures of one kind. */
  async withoutKinds(): Promise<void> {
    const kindOf = ({ site }: Departure) => site.split(" ")[0];
    for (const kind of new Set(this.best.map(kindOf)))
      await this.fails(this.best.filter((one) => kindOf(one) !== kind));
  }

  /** Tries without ever smaller pieces, from the end. */
  async withoutPieces(): Promise<void> {
    for (let size = Math.max(1, this.best.length >> 1); size >= 1; size >>= 1)
      for (let at = this.best.length - size; at >= 0; at -= size)
        if (at + size <= this.best.length) await this.fails(this.best.toSpliced(at, size));
  }

  async smallerValues(): Promise<void> {
    for (let at = 0; at < this.best.length; at++) {
      const one = this.best[at];
      if (one === undefined) return;
      for (const value of [1, one.value >> 1, one.value - 1])
        if (value >= 1 && value < one.value)
          if (await this.fails(this.best.with(at, { ...one, value }))) break;
    }
  }

  /**
   * A local minimum may be far from the shortest schedule: those of one departure are tried, and
   * those that add one to a departure of the minimum.
   */
  async shorter(): Promise<void> {
    for (const from of [[], ...this.best.map((one) => [one])])
      if (await this.#shorterFrom(from)) return;
  }

  async #shorterFrom(from: Schedule): Promise<boolean> {
    if (this.best.length < from.length + 2 || !this.may) return false;
    const found = await systematic(this.#stage, {
      departures: 1,
      from,
      runs: RUNS_MAX - this.runs,
      until: this.#until,
      wanted: ({ findings }) => findings[0]?.code === this.#code,
    });
    this.runs += found.runs;
    if (!("result" in found) || found.result.taken.length >= this.best.length) return false;
    this.best = found.result.taken;
    this.result = found.result;
    return true;
  }
}

/** The finding of a run whose decisions have led elsewhere: something outlives a run. */
export function notReproduced(found: RunResult, again: RunResult | undefined): RunResult {
  const [first] = found.findings;
  const [what = ""] = first?.message.split("\n") ?? [];
  const message =
    `${first?.code} (${what}) did not come again with the same decisions: ` +
    `${STATE_OUTLIVES_A_RUN}; or handlers take time or chance from elsewhere`;
  return {
    ...(again ?? found),
    findings: [{ code: "NOT_REPRODUCED", message }],
    taken: found.taken,
  };
}
