import type { EventEnvelope } from "../contract/envelope.ts";
import { type Diagnosis, verdict } from "./diagnosis.ts";

/** An older outbox row means that no process runs, or that the bus refuses its events. */
const OUTBOX_OLD_MS = 60_000;

/** The outbox of a store, as its `diagnose` found it. */
export interface OutboxFound {
  /** How many events wait for the bus. */
  readonly waiting: number;
  /** Age of the oldest row in milliseconds. */
  readonly oldestMs: number;
  /** The first event of the oldest row; undefined if there is none. */
  readonly oldest: EventEnvelope | undefined;
}

/** Judges an outbox. Only a running process knows why the bus refuses an event: `health()`. */
export function outboxVerdict({ waiting, oldestMs, oldest }: OutboxFound): Diagnosis {
  const events = `${waiting} ${waiting === 1 ? "event waits" : "events wait"} for the bus`;
  if (oldest === undefined) return verdict("outbox", true, "ok", events);
  const fine = oldestMs < OUTBOX_OLD_MS;
  const which = `${oldest.type} of the saga ${oldest.sagaId} for ${Math.round(oldestMs / 1_000)} s`;
  const where = fine ? "" : "; health().refused of the running service says why";
  return verdict("outbox", fine, "warning", `${events}, ${which}${where}`);
}
