import type { Outlook } from "../check/from-here/from-here.ts";
import type { SagaState, SagaSummary, ServiceHistory } from "../observe/summary.ts";

/**
 * What an observer says of a saga; of several, the first that holds.
 *
 * - `illegal`    a service has done what none of its versions declares
 * - `doomed`     it breaks a rule, also if what is parked is retried or discarded
 * - `parked`     a delivery was given up on
 * - `succeeded`, `undone`   it has ended
 * - `at risk`    a delivery was discarded, and the saga may come to rest with a rule broken
 * - `unheard`    an event is in no outbox and not on the bus, and its hearer never got it
 * - `retrying`   a delivery failed and is tried again
 * - `late`       an event has been on its way for longer than usual: see `Lateness`
 * - `running`    an event is on its way, or more has happened than was read: a service that may
 *                have a part cannot be read, or the cause of a delivery is not known yet
 * - `waiting`    only deadlines are left
 * - `stuck`      nothing is left to happen, and it has no end
 * - `rest`       nothing is left to happen, and the ends are not known
 */
export const VERDICTS = [
  "illegal",
  "doomed",
  "parked",
  "succeeded",
  "undone",
  "at risk",
  "unheard",
  "retrying",
  "late",
  "running",
  "waiting",
  "stuck",
  "rest",
] as const;
export type SagaVerdict = (typeof VERDICTS)[number];

/** States that say that something is missing. */
const ABSENT: readonly SagaState[] = ["waiting", "stuck", "rest"];
/** Of those, the ones that say that nothing is left to happen. */
const RESTING: readonly SagaState[] = ["stuck", "rest"];

/** What a verdict is made of. */
export interface VerdictBasis {
  readonly summary: SagaSummary;
  /** Of a saga in which a delivery was given up on or discarded. */
  readonly outlook: Outlook | undefined;
  readonly illegal: boolean;
  /** Whether a service that may have a part in it could not be read. */
  readonly isPartial: boolean;
  /** Whether the cause of a delivery may still be told. */
  readonly isEarly: boolean;
}

/** Judges a saga, as far as it does not depend on the time: what is late is running here. */
export function sagaVerdict({ summary, outlook, illegal, ...read }: VerdictBasis): SagaVerdict {
  if (illegal) return "illegal";
  const { state } = summary;
  // What is not there may be in the journal that was not read.
  if (read.isPartial && ABSENT.includes(state)) return "running";
  if (read.isEarly && RESTING.includes(state)) return "running";
  if (outlook?.endsKnown === true && outlook.ahead.complete) {
    const ways = [outlook.ahead, outlook.ifRetried, outlook.ifDiscarded];
    const hopeless = ways.every((way) => way === undefined || (way.complete && !way.good.length));
    if (hopeless && state !== "stuck") return "doomed";
    if (state !== "parked" && !outlook.ahead.atRest && outlook.ahead.violations.length > 0)
      return "at risk";
  }
  return state === "failed" ? "undone" : state;
}

/** Reads a verdict that was written. */
export function verdictIn(value: unknown): SagaVerdict {
  return VERDICTS.find((one) => one === value) ?? "rest";
}

/** A choreography that is proved is not doomed by itself: only such sagas are looked into. */
export function hasGivenUp(parts: readonly ServiceHistory[]): boolean {
  return parts.some(
    ({ history }) =>
      history.deferred.some(({ state }) => state === "parked" || state === "answered") ||
      history.journal.some(({ disposition }) => disposition === "discarded"),
  );
}
