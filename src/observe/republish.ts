import { shownEvent } from "../cloudevents/kept.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { stemOf } from "../contract/grammar.ts";
import type { JournalRecord } from "../ports/journal.ts";
import type { HearersOf } from "./hearers.ts";
import type { ServiceHistory } from "./summary.ts";

/** An event that some reaction that hears it has no row of. */
export interface EventToRepublish extends Omit<EventEnvelope, "specversion" | "data"> {
  /** The service that emitted it. */
  readonly emitter: string;
  /** The services that hear it and have no row of it. */
  readonly missedBy: readonly string[];
  /** Whether another reaction has a row of it, and so knows its payload. */
  readonly heard: boolean;
  /** The event, where a delivery of it was put off; undefined where no database has it. */
  readonly kept: readonly EventEnvelope[] | undefined;
}

/**
 * The events of a saga that may be published again: each that a service hears and has no row of.
 * Whether it is still on its way does not matter, since a second copy is ignored.
 */
export function republishable(
  parts: readonly ServiceHistory[],
  hearers: readonly HearersOf[],
): readonly EventToRepublish[] {
  const rows = new Set<string>();
  const heard = new Set<string>();
  const bodies = new Map<string, EventEnvelope>();
  for (const { service, history } of parts) {
    for (const { reaction, id, disposition } of history.journal) {
      rows.add(JSON.stringify([service, reaction, id]));
      if (disposition !== "begun" && disposition !== "expired") heard.add(id);
    }
    for (const { reaction, id, body } of history.deferred) {
      rows.add(JSON.stringify([service, reaction, id]));
      const event = shownEvent(body);
      if (event !== undefined) bodies.set(event.id, event);
    }
  }
  return parts.flatMap(({ service: emitter, history }) =>
    history.journal.flatMap((record) =>
      record.emitted.flatMap(({ id, type }): readonly EventToRepublish[] => {
        const missing = hearers
          .flatMap((of) => of.get(stemOf(type)) ?? [])
          .filter((one) => !rows.has(JSON.stringify([one.service, one.reaction, id])));
        if (missing.length === 0) return [];
        const causationId = causeOf(record);
        const body = bodies.get(id);
        return [
          {
            ...{ id, type, emitter, source: `/${emitter}`, heard: heard.has(id) },
            time: new Date(record.at).toISOString(),
            ...{ sagaId: history.sagaId, correlationId: history.correlationId },
            ...(causationId !== undefined && { causationId }),
            missedBy: [...new Set(missing.map(({ service }) => service))],
            kept: body && [body],
          },
        ];
      }),
    ),
  );
}

/** A beginning and a deadline are filed under the event that they emit. */
function causeOf({ disposition, id, causationId }: JournalRecord): string | undefined {
  return disposition === "begun" || disposition === "expired" ? causationId : id;
}
