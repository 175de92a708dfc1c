import type { Outlook } from "../check/from-here/from-here.ts";
import type { Violation } from "../check/violation.ts";
import { VERDICTS } from "../observer/verdict.ts";
import type { Desk } from "./desk.ts";

/** What the live sagas that were looked into may break. */
export interface Risks {
  readonly live: number;
  readonly looked: number;
  /** Ids of sagas by `riskKey`, the one that began last first. */
  readonly sagas: ReadonlyMap<string, readonly string[]>;
}

type Broken = Pick<Violation, "code" | "service" | "event">;

const ENDED: readonly string[] = ["succeeded", "undone", "rest"];
const LIVE = VERDICTS.filter((verdict) => !ENDED.includes(verdict));
/** Sagas that are looked into, the one that began last first. */
const LOOKED_MAX = 200;
/** For all of them together. */
const MILLISECONDS_MAX = 1_000;
const EACH = { statesMax: 2_000, millisecondsMax: 50 };
/** For all who look within this time they are counted once. */
const KEPT_MS = 5_000;

/** Names a broken rule, as findings of the proof and looks ahead both tell it. */
export function riskKey({ code, service, event }: Omit<Broken, "code"> & { code: string }): string {
  return JSON.stringify([code, service, event]);
}

/** Counts, by rule, the live sagas that may break it. */
export class LiveRisks {
  readonly #desk: Desk;
  /** The last count; it is kept for as long as it has not ended, and for a time from then on. */
  #counting: { readonly risks: Promise<Risks>; until: number } | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Of this moment, or a few seconds ago. */
  read(): Promise<Risks> {
    if (this.#counting !== undefined && performance.now() < this.#counting.until)
      return this.#counting.risks;
    const counting = { risks: this.#count(), until: Number.POSITIVE_INFINITY };
    this.#counting = counting;
    const ended = () => {
      counting.until = performance.now() + KEPT_MS;
    };
    counting.risks.then(ended, ended);
    return counting.risks;
  }

  async #count(): Promise<Risks> {
    const { observer, projection } = this.#desk;
    const counts = projection.counts();
    const live = LIVE.reduce((sum, verdict) => sum + (counts.get(verdict) ?? 0), 0);
    const rows = projection.sql.all(
      `SELECT id FROM saga WHERE verdict IN (SELECT value FROM json_each(?))
       ORDER BY began DESC LIMIT ?`,
      ...[JSON.stringify(LIVE), LOOKED_MAX],
    );
    // Its verdicts are not asked for.
    const foresee = () => undefined;
    const ids = rows.map(({ id }) => String(id));
    const { parts } = await observer.judge(ids, { foresee });
    const until = performance.now() + MILLISECONDS_MAX;
    const sagas = new Map<string, string[]>();
    let looked = 0;
    for (const id of ids) {
      const own = parts.get(id);
      if (own === undefined) continue;
      if (performance.now() > until) break;
      const { outlook } = await this.#desk.foresee(own, { limits: EACH });
      if (outlook === undefined) continue;
      looked++;
      for (const key of new Set(brokenIn(outlook).map(riskKey)))
        sagas.set(key, [...(sagas.get(key) ?? []), id]);
    }
    return { live, looked, sagas };
  }
}

function brokenIn({ ahead, ifRetried }: Outlook): readonly Violation[] {
  return [...ahead.violations, ...(ifRetried?.violations ?? [])];
}
