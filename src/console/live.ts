import type { Desk } from "./desk.ts";
import { ledger } from "./ledger.ts";
import type { Maps } from "./map.ts";
import { totals } from "./saga-pages.ts";
import type { Live, MapQuery } from "./wire.ts";

/** Jobs that ended this long ago are still told. */
const ENDED_MS = 30_000;

/** Everything that a page follows, as it is now. */
export class LiveNow {
  readonly #desk: Desk;
  readonly #maps: Maps;
  #ledger: { readonly change: number; readonly of: Live["ledger"] } | undefined;

  constructor(desk: Desk, maps: Maps) {
    this.#desk = desk;
    this.#maps = maps;
  }

  read(query: MapQuery): Live {
    const { follower, jobs, observer, dev } = this.#desk;
    const now = Date.now();
    const { upTo, change, problem } = follower.progress;
    return {
      now,
      ...(upTo !== undefined && { behindMs: Math.max(0, now - upTo) }),
      unread: [
        ...observer.away,
        ...(problem === undefined ? [] : [{ service: "", code: problem }]),
      ],
      unnamed: observer.unnamed,
      lostBuses: observer.lostBuses.map(({ place, ...bus }) => ({
        ...bus,
        ...(place !== undefined && { place }),
      })),
      failures: dev?.failure === undefined ? [] : [dev.failure],
      totals: totals(this.#desk),
      ledger: this.#ledgerAt(change),
      ...this.#maps.live(query),
      change,
      jobs: jobs.recent(ENDED_MS),
    };
  }

  /** The ledger changes only with the projection. */
  #ledgerAt(change: number): Live["ledger"] {
    if (this.#ledger?.change !== change) {
      const { emitted, unexplained } = ledger(this.#desk);
      this.#ledger = { change, of: { emitted, unexplained } };
    }
    return this.#ledger?.of;
  }
}

/** What differs from what was sent before: fields as a whole, of nodes and edges each entry. */
export function deltaOf(before: Live | undefined, now: Live): Live {
  if (before === undefined) return now;
  const { nodes, edges, totals, ledger, unread, unnamed, lostBuses, failures, change, jobs } = now;
  const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  const entries = <T>(
    was: Readonly<Record<string, T>> = {},
    is: Readonly<Record<string, T>> = {},
  ) => Object.fromEntries(Object.entries(is).filter(([id, value]) => differs(was[id], value)));
  const changedNodes = entries(before.nodes, nodes);
  const changedEdges = entries(before.edges, edges);
  return {
    now: now.now,
    ...(now.behindMs !== undefined && { behindMs: now.behindMs }),
    ...(differs(before.unread, unread) && { unread }),
    ...(differs(before.unnamed, unnamed) && { unnamed }),
    ...(differs(before.lostBuses, lostBuses) && { lostBuses }),
    ...(differs(before.failures, failures) && { failures }),
    ...(differs(before.totals, totals) && { totals }),
    ...(differs(before.ledger, ledger) && { ledger }),
    ...(differs(before.change, change) && { change }),
    ...(differs(before.jobs, jobs) && { jobs }),
    ...(Object.keys(changedNodes).length > 0 && { nodes: changedNodes }),
    ...(Object.keys(changedEdges).length > 0 && { edges: changedEdges }),
  };
}
