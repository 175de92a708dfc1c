import { codeOf } from "../contract/errors.ts";
import { type EventToRepublish, republishable } from "../observe/republish.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import { recordAction } from "../observer/actions.ts";
import { allow } from "./act.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn, textField } from "./fields.ts";
import { ConsoleRefusal, queryInvalid } from "./refusal.ts";
import type { Republished } from "./wire.ts";

/** Publishes an event again that a service never got, if its payload is kept. */
export async function republish(desk: Desk, sagaId: string, body: unknown): Promise<Republished> {
  allow(desk, "retry");
  const id = textField(fieldsIn(body, ["event"]), "event");
  if (id === undefined) throw queryInvalid("event is the id of an event.");
  const { parts } = await desk.observer.judge([sagaId]);
  const event = missedIn(desk, parts.get(sagaId) ?? []).find((one) => one.id === id);
  const source = event && desk.observer.sourceOf(event.emitter);
  if (event === undefined || source === undefined)
    throw new ConsoleRefusal(409, "NOT_UNHEARD", "No service misses this event.");
  const kept = keptOf(desk, event);
  if (kept.length === 0)
    throw new ConsoleRefusal(409, "EVENT_NOT_KEPT", "No database has the payload of this event.");
  const { type, emitter, missedBy } = event;
  const ended = recordAction(desk.projection.sql, {
    ...{ at: Date.now(), action: "republish", delivery: `${emitter}/${id}`, sagaId },
    reason: undefined,
  });
  try {
    for (const one of kept) await source.inspect.republish(one);
    ended(undefined);
  } catch (error) {
    ended(codeOf(error));
    throw error;
  }
  return { type, emitter, missedBy };
}

/** The events of a saga that some service that hears them has no row of. */
export function missedIn(
  desk: Desk,
  parts: readonly ServiceHistory[],
): readonly EventToRepublish[] {
  return republishable(parts, desk.observer.context.hearers);
}

/** The event in each of its versions; none if its payload is gone. */
export function keptOf(desk: Desk, { kept, sagaId, id }: EventToRepublish) {
  return kept ?? desk.kept?.of(sagaId).filter((one) => one.id === id) ?? [];
}
