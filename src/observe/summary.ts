import { type Ended, endOf, type SagaEnds } from "../choreography/ends.ts";
import { stemOf } from "../contract/grammar.ts";
import type { Deferred, DeferredState } from "../ports/deferred.ts";
import type { SagaHistory } from "../ports/inspection.ts";
import type { Emission } from "../ports/journal.ts";
import type { HearersOf } from "./hearers.ts";
import { hasPassed, type Reach } from "./reach.ts";
import { type RestingPlace, restingPlace } from "./resting.ts";

/**
 * Where a saga stands; of several, the first that holds.
 *
 * - `parked`     a delivery was given up on
 * - `succeeded`, `failed`   an event that ends the choreography was emitted
 * - `unheard`    an event is in no outbox and not on the bus, and a service that hears it never got
 *                it; only said where `SummaryContext.reach` is known
 * - `retrying`   a delivery failed and is tried again
 * - `running`    an emitted event has not reached each service that hears it
 * - `waiting`    only deadlines are left
 * - `stuck`      nothing is left to happen, and the saga has no end
 * - `rest`       nothing is left to happen; the ends of the choreography are not known
 */
export type SagaState =
  | "parked"
  | "succeeded"
  | "failed"
  | "unheard"
  | "retrying"
  | "running"
  | "waiting"
  | "stuck"
  | "rest";

/** What one service has of a saga. */
export interface ServiceHistory {
  readonly service: string;
  readonly history: SagaHistory;
}

/** What a summary needs besides the histories. */
export interface SummaryContext {
  /** What each of the services hears. Events that only other services hear are not open. */
  readonly hearers: readonly HearersOf[];
  readonly ends?: SagaEnds | undefined;
  /**
   * Tells what is unheard from what is on its way: `BusWatch` finds it out. Without it, an event
   * that a service never got is on its way for ever, or not open at all if the service hears it
   * only since later.
   */
  readonly reach?: Reach | undefined;
}

/** A delivery that has not come to its end. */
export interface OpenDelivery {
  readonly service: string;
  readonly reaction: string;
  readonly type: string;
  /** The event; absent where only the projection of an observer was read. */
  readonly eventId?: string | undefined;
  /**
   * - `on its way`  committed by its emitter, and in the outbox or on the bus
   * - `unheard`     on no way any more: nothing delivers it again, but `odori republish`
   */
  readonly state:
    | Extract<DeferredState, "armed" | "retrying" | "waiting" | "parked">
    | "on its way"
    | "unheard";
  /** Milliseconds since 1970. */
  readonly since: number;
  /** When it is due; of `armed` and `retrying`. Milliseconds since 1970. */
  readonly dueAt: number | undefined;
  /** `seq` of its deferred delivery. */
  readonly seq: number | undefined;
}

/** A saga in one line. */
export interface SagaSummary {
  readonly sagaId: string;
  readonly correlationId: string;
  readonly state: SagaState;
  /** The event that ended it. */
  readonly end: (Emission & { readonly at: number }) | undefined;
  /** What it waits for, oldest first. */
  readonly open: readonly OpenDelivery[];
  /** Where it came to rest, if it is stuck. */
  readonly rests?: RestingPlace | undefined;
  /** Milliseconds since 1970. */
  readonly began: number;
  /** When it was last written to: milliseconds since 1970. */
  readonly last: number;
  /** Number of inbox rows. */
  readonly steps: number;
  /** How many deliveries came again and were ignored. */
  readonly duplicates: number;
}

/**
 * Says where a saga stands, from what each service has of it. Exact, without a time-out: a saga is
 * stuck if each emitted event has reached each reaction that hears it, and nothing is armed. It is
 * unheard only if the bus has said that it holds nothing more.
 *
 * @example
 * ```ts
 * import { hearersIn, summarize } from "odori/observe";
 * import { sqlite } from "odori/sqlite";
 *
 * const store = sqlite("payment.db");
 * const hearers = [hearersIn("payment", await store.declarations.all())];
 * for (const history of await store.inspect.histories(["o-1"]))
 *   console.log(summarize([{ service: "payment", history }], { hearers })?.state);
 * ```
 */
export function summarize(
  parts: readonly ServiceHistory[],
  { hearers, ends, reach }: SummaryContext,
): SagaSummary | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  const { sagaId } = first.history;
  const records = parts.flatMap(({ history }) => history.journal);
  const end = ends && endOf(records, ends);
  const { way, missed } = unhandled(parts, hearers, reach);
  const found = [...parts.flatMap(deferredIn), ...way].sort((a, b) => a.since - b.since);
  const state = stateOf(found, end, ends);
  // A saga that has ended does not need what later versions would have heard of it.
  const unheard = state === "stuck" && reach !== undefined && missed.length > 0;
  const open = unheard ? missed : found;
  const isStuck = state === "stuck" && !unheard;
  return {
    sagaId,
    correlationId:
      parts.find(({ history }) => history.correlationId !== sagaId)?.history.correlationId ??
      sagaId,
    state: unheard ? "unheard" : state,
    end: end && { id: end.id, type: end.type, at: end.at },
    open,
    rests: isStuck ? restingPlace(recordsOf(parts), hearers) : undefined,
    began: Math.min(...parts.map(({ history }) => history.born)),
    last: Math.max(...parts.map(({ history }) => history.last)),
    steps: records.length,
    duplicates: records.reduce((sum, { duplicates }) => sum + duplicates, 0),
  };
}

function recordsOf(parts: readonly ServiceHistory[]) {
  return parts.flatMap(({ service, history }) =>
    history.journal.map((record) => ({ service, record })),
  );
}

function stateOf(
  open: readonly OpenDelivery[],
  end: Ended | undefined,
  ends: SagaEnds | undefined,
): SagaState {
  const any = (...states: readonly OpenDelivery["state"][]) =>
    open.some(({ state }) => states.includes(state));
  if (any("parked")) return "parked";
  if (end !== undefined) return end.succeeded ? "succeeded" : "failed";
  if (any("unheard")) return "unheard";
  if (any("retrying", "waiting")) return "retrying";
  if (any("on its way")) return "running";
  if (any("armed")) return "waiting";
  return ends === undefined ? "rest" : "stuck";
}

function deferredIn({ service, history }: ServiceHistory): readonly OpenDelivery[] {
  return history.deferred.flatMap(({ reaction, type, id, state, seq, at, ...row }: Deferred) => {
    if (state === "gathered" || state === "answered" || state === "discarded") return [];
    const dueAt = state === "armed" || state === "retrying" ? row.dueAt : undefined;
    return [{ service, reaction, type, eventId: id, state, since: at, dueAt, seq }];
  });
}

/** Events that a service has emitted, and that a reaction that hears them has no row of. */
interface Unhandled {
  readonly way: readonly OpenDelivery[];
  /** Of reactions that came later: they never got the message. */
  readonly missed: readonly OpenDelivery[];
}

function unhandled(
  parts: readonly ServiceHistory[],
  hearers: readonly HearersOf[],
  reach: Reach | undefined,
): Unhandled {
  // Names of services and reactions have no line break.
  const key = (service: string, reaction: string, id: string) => `${service}\n${reaction}\n${id}`;
  const seen = new Set<string>();
  for (const { service, history } of parts)
    for (const { reaction, id } of [...history.journal, ...history.deferred])
      seen.add(key(service, reaction, id));
  const way: OpenDelivery[] = [];
  const missed: OpenDelivery[] = [];
  for (const { service: emitter, history } of parts)
    for (const { emitted, at } of history.journal)
      for (const { id, type } of emitted)
        for (const one of hearers.flatMap((of) => of.get(stemOf(type)) ?? [])) {
          const { service, reaction, since } = one;
          if (seen.has(key(service, reaction, id))) continue;
          const delivery = { service, reaction, type, eventId: id, since: at, ...NOT_KEPT };
          const passed = reach !== undefined && hasPassed(reach, emitter, service, at);
          if (since > at) missed.push({ ...delivery, state: "unheard" });
          else way.push({ ...delivery, state: passed ? "unheard" : "on its way" });
        }
  return { way, missed };
}

const NOT_KEPT = { dueAt: undefined, seq: undefined } as const;
