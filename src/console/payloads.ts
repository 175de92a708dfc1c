import { shownEvent } from "../cloudevents/kept.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { SagaHistory } from "../ports/inspection.ts";
import type { Desk } from "./desk.ts";
import { shownPayload } from "./payload.ts";
import { parametersIn } from "./query.ts";
import { ConsoleRefusal, queryInvalid } from "./refusal.ts";
import type { KeptPayload, PayloadsReply } from "./wire.ts";

/** The payloads of an event and of its cause: kept by `odori dev`, or with what was put off. */
export async function payloadsReply(
  desk: Desk,
  sagaId: string,
  url: string,
): Promise<PayloadsReply> {
  if (!desk.allowed.has("payloads"))
    throw new ConsoleRefusal(403, "NOT_ALLOWED", "The console does not show payloads.");
  const { event: id } = parametersIn(url, ["event"]);
  if (id === undefined) throw queryInvalid("event is the id of an event.");
  const { parts } = await desk.observer.judge([sagaId]);
  const histories = (parts.get(sagaId) ?? []).map(({ history }) => history);
  const events = eventsOf(desk, sagaId, histories);
  const event = events.get(id);
  const cause = event?.causationId === undefined ? undefined : events.get(event.causationId);
  return {
    ...(event && { event: shown(desk, event) }),
    ...(cause && { cause: shown(desk, cause) }),
  };
}

function eventsOf(
  desk: Desk,
  sagaId: string,
  histories: readonly SagaHistory[],
): ReadonlyMap<string, EventEnvelope> {
  const events = new Map((desk.kept?.of(sagaId) ?? []).map((one) => [one.id, one]));
  for (const { deferred } of histories)
    for (const { body } of deferred) {
      const event = shownEvent(body);
      if (event !== undefined) events.set(event.id, event);
    }
  return events;
}

function shown({ manifest }: Desk, event: EventEnvelope): KeptPayload {
  const body = { malformed: false, text: JSON.stringify([event]) };
  return { type: event.type, payload: shownPayload(body, event.type, manifest) };
}
