import { codeOf } from "../contract/errors.ts";
import { type EventToRepublish, republishable } from "../observe/republish.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import { recordAction } from "../observer/actions.ts";
import type { Judged } from "../observer/saga-rows.ts";
import { allow, paceIn } from "./act.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn } from "./fields.ts";
import { asleepAmong, firstOf, lookInto, unreadIn } from "./preview.ts";
import { ConsoleRefusal, storeAway } from "./refusal.ts";
import { chosenUnheard } from "./unheard.ts";
import type { Job, PreviewReply } from "./wire.ts";

/** Begins to publish events again that some service never got, saga by saga. */
export async function beginRepublish(desk: Desk, body: unknown): Promise<Job> {
  allow(desk, "retry");
  const fields = fieldsIn(body, ["saga", "event", "filter", "perSecond", "ramp"]);
  const pace = paceIn(fields);
  const { sagas, event } = await chosenUnheard(desk, fields);
  return desk.jobs.begin({
    ...{ action: "republish", ids: sagas, ...pace },
    act: (sagaId) => republish(desk, sagaId, event),
    // An event is unheard until it was handled: nothing tells sooner that it was in vain.
    parkedAgain: () => 0,
  });
}

/** Says what would follow if these events were published again. Changes nothing. */
export async function previewRepublish(
  desk: Desk,
  body: unknown,
  signal: AbortSignal,
): Promise<PreviewReply> {
  const { sagas, event } = await chosenUnheard(desk, fieldsIn(body, ["saga", "event", "filter"]));
  const { ids, judged, parts } = await firstOf(desk, sagas);
  const kept = new Set<string>();
  const needed = new Set<string>();
  let notKept = 0;
  for (const one of judged) {
    const events = unheardOf(desk, one, parts, event);
    const published = events.filter((event) => keptOf(desk, event).length > 0);
    if (published.length > 0) kept.add(one.summary.sagaId);
    if (published.length < events.length) notKept++;
    for (const { emitter, missedBy } of published)
      for (const service of [emitter, ...missedBy]) needed.add(service);
  }
  const goOn = new Map([...parts].filter(([id]) => kept.has(id)));
  // Of a saga of which nothing can be read, any service may have emitted what is lost.
  const away = judged.length < ids.length ? desk.observer.away : [];
  const unread = [...judged.flatMap((one) => one.unread), ...away.map(({ service }) => service)];
  return {
    ...{ action: "republish", deliveries: sagas.length, sagas: sagas.length },
    ...(await lookInto(desk, "republish", goOn, signal)),
    ...unreadIn([...new Set(unread)]),
    ...asleepAmong(desk, needed),
    ...(notKept > 0 && { notKept }),
  };
}

/** Publishes the events of a saga again that a service never got, or the one with an id. */
async function republish(desk: Desk, sagaId: string, id: string | undefined): Promise<void> {
  const { judged, parts } = await desk.observer.judge([sagaId]);
  const [one] = judged;
  const events = one === undefined ? [] : unheardOf(desk, one, parts, id);
  if (events.length === 0) {
    const unread = one?.unread ?? desk.observer.away;
    if (unread.length > 0) throw storeAway();
    throw new ConsoleRefusal(409, "NOT_UNHEARD", "No service misses this event.");
  }
  const kept = events.filter((event) => keptOf(desk, event).length > 0);
  for (const event of kept) await publish(desk, event);
  await desk.observer.look([sagaId]);
  if (kept.length < events.length)
    throw new ConsoleRefusal(409, "EVENT_NOT_KEPT", "No database has the payload of this event.");
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
    if (source === undefined) throw storeAway();
    for (const one of keptOf(desk, event)) await source.inspect.republish(one);
    ended(undefined);
  } catch (error) {
    ended(codeOf(error));
    throw error;
  }
}

/**
 * The events of a saga that a service never got, or the one with an id. One that is still on its
 * way is not among them, nor one of which a service that is away may have a row.
 */
function unheardOf(
  desk: Desk,
  { summary }: Judged,
  parts: ReadonlyMap<string, readonly ServiceHistory[]>,
  id: string | undefined,
): readonly EventToRepublish[] {
  const unheard = summary.open.filter(({ state }) => state === "unheard");
  const ids = new Set(unheard.map(({ eventId }) => eventId));
  const missed = missedIn(desk, parts.get(summary.sagaId) ?? []);
  return missed.filter((one) => ids.has(one.id) && (id === undefined || one.id === id));
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
