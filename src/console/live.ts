import type { Desk } from "./desk.ts";
import { ledger } from "./ledger.ts";
import type { Maps } from "./map.ts";
import type { Proofs } from "./proof.ts";
import { totals } from "./saga-pages.ts";
import type { Live, MapQuery } from "./wire.ts";

/** Jobs that ended this long ago are still told. */
const ENDED_MS = 30_000;

/** Everything that a page follows, as it is now. */
export class LiveNow {
  readonly #desk: Desk;
  readonly #maps: Maps;
  readonly #proofs: Proofs;
  /** Changes of another process of this console have other numbers. */
  #change = Date.now();
  #marks = "";

  constructor(desk: Desk, maps: Maps, proofs: Proofs) {
    this.#desk = desk;
    this.#maps = maps;
    this.#proofs = proofs;
  }

  read(query: MapQuery): Live {
    const { follower, jobs, observer, dev } = this.#desk;
    const now = Date.now();
    // Who changes a module looks at what it has come to; elsewhere a proof is asked for.
    if (dev !== undefined) this.#proofs.prepare();
    const { errors } = this.#proofs;
    const { upTo, problem } = follower.progress;
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
      ...this.#accounts(),
      ...this.#maps.live(query),
      choreography: this.#desk.manifestKey,
      ...(errors !== undefined && { proofErrors: errors }),
      jobs: jobs.recent(ENDED_MS),
    };
  }

  /**
   * The observer counts what its own reading has changed. Beside that, time makes sagas late and
   * events unexplained, and another console may write to the projection.
   */
  #accounts(): Pick<Live, "totals" | "ledger" | "change"> {
    const { observer } = this.#desk;
    const verdicts = totals(this.#desk);
    const { emitted, unexplained } = ledger(this.#desk);
    const processes = [...observer.counts].map(([service, one]) => [service, one.processes]);
    const away = observer.away.map(({ service }) => service);
    const { change } = observer;
    const marks = JSON.stringify([change, verdicts, emitted, unexplained, processes, away]);
    if (marks !== this.#marks) this.#change++;
    this.#marks = marks;
    return { totals: verdicts, ledger: { emitted, unexplained }, change: this.#change };
  }
}

/** What differs from what was sent before: fields as a whole, of nodes and edges each entry. */
export function deltaOf(before: Live | undefined, now: Live): Live {
  if (before === undefined) return now;
  const { nodes, edges, totals, ledger, unread, unnamed, lostBuses, failures, change, jobs } = now;
  const { choreography, proofErrors } = now;
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
    ...(differs(before.choreography, choreography) && { choreography }),
    ...(differs(before.proofErrors, proofErrors) && { proofErrors: proofErrors ?? 0 }),
    ...(differs(before.jobs, jobs) && { jobs }),
    ...(Object.keys(changedNodes).length > 0 && { nodes: changedNodes }),
    ...(Object.keys(changedEdges).length > 0 && { edges: changedEdges }),
  };
}
