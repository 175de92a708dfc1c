import { canHandle } from "../adapter/claim-limits.ts";
import { codeOf, messageOf } from "../contract/errors.ts";
import { atMost, type Environment } from "../ports/environment.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { StoreCounts } from "../ports/inspection.ts";
import type { KnownParts, Store, TakenOver } from "../ports/store.ts";
import type { ServiceReport } from "../ports/telemetry.ts";
import type { Membership } from "./membership.ts";
import type { Publisher } from "./publisher.ts";
import type { RefusedEvents } from "./refusals.ts";
import type { Relay } from "./relay.ts";
import type { Worker } from "./worker.ts";

/**
 * The state of a running service, for a readiness probe.
 *
 * @example
 * ```ts
 * import type { Health } from "odori";
 *
 * function isReady({ state, store }: Health): boolean {
 *   return state === "ready" && (store?.outboxOldestMs ?? 0) < 60_000;
 * }
 * ```
 */
export interface Health {
  /** The name of the service. */
  readonly service: string;
  /** `degraded`: the database or the bus cannot be used; the service recovers by itself. */
  readonly state: "ready" | "degraded" | "stopping" | "stopped";
  /** The code of the error that makes it `degraded`. */
  readonly problem: string | undefined;
  /** The message of that error. */
  readonly reason: string | undefined;
  /** Deliveries and beginnings that wait for a commit. */
  readonly waiting: number;
  /** Events that the bus has neither accepted nor refused. */
  readonly publishing: number;
  /** Events that the bus refuses while it accepts others. They are published again, alone. */
  readonly refused: RefusedEvents;
  /**
   * Deliveries that came again since the start of this process, and were ignored. The database
   * counts them by delivery: `JournalRecord.duplicates`.
   */
  readonly duplicates: number;
  /**
   * What this process has taken over since its start from processes that it, or another one, has
   * found dead. Without a death all of it stays 0. The events may have been published before.
   */
  readonly takenOver: TakenOver;
  /**
   * Deliveries of the bus that this process has freed since its start, because the process that had
   * them was found dead. Without a death it stays 0. On a bus whose broker does that, always 0.
   */
  readonly redelivered: number;
  /** How often others have found this process dead since its start, although it lived. */
  readonly lost: number;
  /** Undefined when the database cannot be read. */
  readonly store: StoreCounts | undefined;
  /**
   * Open deferred deliveries that this version of the service leaves to another one, by reaction or
   * deadline: it does not have that part, or the part does not read that version of the event.
   * Undefined when the database cannot be read.
   */
  readonly unknown: Readonly<Record<string, number>> | undefined;
}

export interface HealthParts<Native> {
  readonly service: string;
  readonly state: "ready" | "stopping" | "stopped";
  readonly store: Store<Native>;
  /** What this version of the service handles of the deferred deliveries. */
  readonly known: KnownParts;
  readonly worker: Worker<Native>;
  readonly publisher: Publisher;
  readonly membership: Membership;
  readonly relay: Relay<Native>;
  readonly environment: Environment;
}

/** A database that has not replied for this long cannot be used, in milliseconds. */
const REPLY_MS = 5_000;

/** Asks the database and the bus. Does not reject. */
export async function healthOf<Native>(parts: HealthParts<Native>): Promise<Health> {
  const { service, worker, publisher, membership, relay, environment } = parts;
  let fault: unknown;
  let store: StoreCounts | undefined;
  if (parts.state !== "stopped") {
    const asked = parts.state === "ready" ? membership.check() : undefined;
    try {
      const counting = parts.store.inspect.counts().then((counts) => {
        store = counts;
      });
      await atMost(environment, REPLY_MS, counting);
      if (store === undefined) fault = silent();
    } catch (error) {
      // A service without work has not yet met the problem.
      fault = error;
    }
    await asked;
  }
  const error = worker.problem ?? fault ?? relay.problem ?? membership.problem ?? publisher.problem;
  const problem = error === undefined ? undefined : codeOf(error);
  return {
    service,
    state: parts.state === "ready" && problem !== undefined ? "degraded" : parts.state,
    problem,
    reason: error === undefined ? undefined : messageOf(error),
    waiting: worker.waiting,
    publishing: publisher.pending,
    refused: publisher.refused,
    duplicates: worker.duplicates,
    takenOver: relay.takenOver,
    redelivered: membership.redelivered,
    lost: relay.lost,
    store,
    unknown: store && (await unknownWithin(parts)),
  };
}

/** What telemetry says of a service. */
export function serviceReport(health: Health): ServiceReport {
  const { problem, refused, takenOver, redelivered, lost, store } = health;
  return { problem, refused: refused.count, takenOver, redelivered, lost, store };
}

async function unknownWithin<Native>(parts: HealthParts<Native>): Promise<Health["unknown"]> {
  let unknown: Health["unknown"];
  const counting = unknownTo(parts).then((counts) => {
    unknown = counts;
  });
  await atMost(
    parts.environment,
    REPLY_MS,
    counting.catch(() => {}),
  );
  return unknown;
}

function silent(): StoreUnavailableError {
  return new StoreUnavailableError(
    "STORE_UNAVAILABLE",
    `The database has not replied within ${REPLY_MS} ms.`,
    { hint: "Check that it is running and reachable, and what holds it up." },
  );
}

async function unknownTo<Native>({
  store,
  known,
}: HealthParts<Native>): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const row of await store.census("deferred")) {
    if (row.kind !== "deferred" || row.state === "answered" || row.state === "discarded") continue;
    if (!canHandle(known, row.name, row.type))
      counts[row.name] = (counts[row.name] ?? 0) + row.count;
  }
  return counts;
}
