import type { ServiceHistory } from "../observe/summary.ts";
import { type TraceStep, traceOf } from "../observe/trace.ts";
import type { PersonAction } from "../observer/actions.ts";
import type { Desk } from "./desk.ts";
import { deliveryNamed } from "./query.ts";
import type { Step } from "./wire.ts";

/** What happened in a saga, in the order of cause, with clocks corrected. */
export function traced({ observer }: Desk, parts: readonly ServiceHistory[]): readonly TraceStep[] {
  const { far } = observer.clocks;
  const journals = parts.map(({ service, history: { journal, deferred } }) => ({
    ...{ service, records: journal, deferred },
  }));
  return traceOf(journals, (service) => far.get(service) ?? 0);
}

/** The steps of a trace, each with its cause and how long it took. */
export function shownSteps(
  desk: Desk,
  parts: readonly ServiceHistory[],
  trace: readonly TraceStep[],
  actions: readonly PersonAction[],
): readonly Step[] {
  const retried = retriedIn(actions);
  const emitters = new Map<string, number>();
  for (const [n, { emittedIds }] of trace.entries())
    for (const id of emittedIds) emitters.set(id, n);
  const undeclared = new Set(
    parts.flatMap(({ service, history }) =>
      history.journal
        .filter((record) => !desk.observer.isDeclared(service, record))
        .map(({ reaction, id }) => deliveryKey(service, reaction, id)),
    ),
  );
  return trace.map((step, n) => {
    const { service, reaction, heard, eventId, disposition, effect, at, durationMs } = step;
    const found = heard === undefined ? undefined : emitters.get(eventId);
    const cause = found === n ? undefined : found;
    const before = cause === undefined ? undefined : trace[cause];
    const began = at - (durationMs ?? 0);
    const putOff = before !== undefined && wasPutOff(step, retried);
    return {
      ...{ n, service, reaction, eventId, disposition, at },
      ...(heard !== undefined && { heard }),
      ...(cause !== undefined && { cause }),
      ...(effect !== undefined && { effect }),
      ...(step.reason !== undefined && { reason: step.reason }),
      emitted: step.emitted.map((type, place) => ({ id: step.emittedIds[place] ?? "", type })),
      ...(before !== undefined && { transitMs: Math.max(0, began - before.at) }),
      ...(putOff && { putOff }),
      ...(durationMs !== undefined && { handlerMs: durationMs }),
      ...(step.attempt !== undefined && { attempt: step.attempt }),
      duplicates: step.duplicates,
      clockContradicts: step.clockContradicts,
      undeclared: undeclared.has(deliveryKey(service, reaction, eventId)),
    };
  });
}

/**
 * Whether a delivery was put off before this step. The attempts of one that a person has retried
 * are counted from 1 again; what was not retried here is not known.
 */
function wasPutOff({ service, reaction, eventId, attempt = 1 }: TraceStep, retried: Retried) {
  return attempt > 1 || retried.has(deliveryKey(service, reaction, eventId));
}

type Retried = ReadonlySet<string>;

function retriedIn(actions: readonly PersonAction[]): Retried {
  return new Set(
    actions.flatMap(({ delivery, failed, retried }) => {
      const service = deliveryNamed(delivery)?.service;
      if (service === undefined || retried === undefined || failed !== undefined) return [];
      return [deliveryKey(service, retried.reaction, retried.event)];
    }),
  );
}

function deliveryKey(service: string, reaction: string, id: string): string {
  return JSON.stringify([service, reaction, id]);
}
