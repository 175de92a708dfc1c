import { codeOf } from "../contract/errors.ts";
import { type EventToRepublish, republishable } from "../observe/republish.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import { recordAction } from "../observer/actions.ts";
import { countUnheardAmong } from "../observer/saga-list.ts";
import { allow, paceIn } from "./act.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn } from "./fields.ts";
import { firstParts, lookInto, unreadAmong } from "./preview.ts";
import { ConsoleRefusal, queryInvalid } from "./refusal.ts";
import { chosenUnheard } from "./unheard.ts";
import type { Job, PreviewReply } from "./wire.ts";

/** Begins to publish events again that some service never got, saga by saga. */
export function beginRepublish(desk: Desk, body: unknown): Job {
  allow(desk, "retry");
  const fields = fieldsIn(body, ["saga", "event", "filter", "perSecond", "ramp"]);
  const { sagas, event } = chosenUnheard(desk, fields);
  return desk.jobs.begin({
    ...{ action: "republish", ids: sagas, ...paceIn(fields) },
    act: (sagaId) => republish(desk, sagaId, event),
    again: (ids) => countUnheardAmong(desk.projection.sql, ids),
  });
}

/** Says what would follow if these events were published again. Changes nothing. */
export async function previewRepublish(
  desk: Desk,
  body: unknown,
  signal: AbortSignal,
): Promise<PreviewReply> {
  const { sagas, event } = chosenUnheard(desk, fieldsIn(body, ["saga", "event", "filter"]));
  const parts = await firstParts(desk, sagas);
  const missed = [...parts.values()].map((own) => missedIn(desk, own, event));
  const notKept = missed.filter((own) => own.every((one) => keptOf(desk, one).length === 0)).length;
  const emitters = new Set(missed.flat().map(({ emitter }) => emitter));
  return {
    ...{ action: "republish", deliveries: sagas.length, sagas: sagas.length },
    ...(await lookInto(desk, "republish", parts, signal)),
    ...unreadAmong(desk, emitters),
    ...(notKept > 0 && { notKept }),
  };
}

/** Publishes the events of a saga again that a service never got, or the one with an id. */
async function republish(desk: Desk, sagaId: string, id: string | undefined): Promise<void> {
  const { parts } = await desk.observer.judge([sagaId]);
  const missed = missedIn(desk, parts.get(sagaId) ?? [], id);
  if (missed.length === 0)
    throw new ConsoleRefusal(409, "NOT_UNHEARD", "No service misses this event.");
  const kept = missed.filter((event) => keptOf(desk, event).length > 0);
  if (kept.length === 0)
    throw new ConsoleRefusal(409, "EVENT_NOT_KEPT", "No database has the payload of this event.");
  for (const event of kept) await publish(desk, event);
  await desk.observer.look([sagaId]);
}

/** Publishes an event in each of its versions, with a record before and after. */
async function publish(desk: Desk, event: EventToRepublish): Promise<void> {
  const { emitter, id, sagaId } = event;
  const ended = recordAction(desk.projection.sql, {
    ...{ at: Date.now(), action: "republish", delivery: `${emitter}/${id}`, sagaId },
    reason: undefined,
  });
  try {
    const source = desk.observer.sourceOf(emitter);
    if (source === undefined) throw queryInvalid("No such service is read.");
    for (const one of keptOf(desk, event)) await source.inspect.republish(one);
    ended(undefined);
  } catch (error) {
    ended(codeOf(error));
    throw error;
  }
}

/** The events of a saga that some service that hears them has no row of; of one id, if given. */
export function missedIn(
  desk: Desk,
  parts: readonly ServiceHistory[],
  id?: string,
): readonly EventToRepublish[] {
  const missed = republishable(parts, desk.observer.context.hearers);
  return missed.filter((one) => id === undefined || one.id === id);
}

/** The event in each of its versions; none if its payload is gone. */
export function keptOf(desk: Desk, { kept, sagaId, id }: EventToRepublish) {
  return kept ?? desk.kept?.of(sagaId).filter((one) => one.id === id) ?? [];
}
