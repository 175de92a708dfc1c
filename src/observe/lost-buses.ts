import type { StoreCounts } from "../ports/inspection.ts";

/** A bus that some services do not hear. */
export interface LostBus {
  /** Where it is, without credentials; undefined if it has no place. */
  readonly place: string | undefined;
  /** Of the error of the last attempt. */
  readonly code: string;
  /** Since when: milliseconds since 1970, on the clock of this process, to the second. */
  readonly since: number;
  /** The services whose processes have told of it. */
  readonly services: readonly string[];
  /** Events that wait in the outboxes of these services. */
  readonly waiting: number;
}

/** What a service has told, and when it was asked. */
interface ToldCounts {
  readonly service: string;
  readonly counts: StoreCounts;
  readonly asked: number;
}

/** An age is never told exactly alike twice. */
const EXACT_TO_MS = 1_000;

/** Finds the buses that are lost, each once, by their place. */
export function lostBuses(told: readonly ToldCounts[]): readonly LostBus[] {
  const lost = told.flatMap(({ service, counts: { busFault, outbox }, asked }) =>
    busFault === undefined ? [] : [{ service, outbox, asked, ...busFault }],
  );
  return [...Map.groupBy(lost, ({ place }) => place)].flatMap(([place, list]) => {
    const [first] = list.toSorted((a, b) => a.asked - a.sinceMs - (b.asked - b.sinceMs));
    if (first === undefined) return [];
    const since = first.asked - first.sinceMs;
    return {
      ...{ place, code: first.code },
      since: Math.round(since / EXACT_TO_MS) * EXACT_TO_MS,
      services: list.map(({ service }) => service),
      waiting: list.reduce((sum, { outbox }) => sum + outbox, 0),
    };
  });
}
