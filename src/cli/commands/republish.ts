import { Command } from "commander";
import type { EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { type EventToRepublish, republishable } from "../../observe/republish.ts";
import { shortType } from "../../text/short.ts";
import { type Found, jsonOption, withStores } from "../data.ts";
import { keptEvent, withPayload } from "../kept.ts";
import { print, printJson } from "../output.ts";
import { type PlaceFlags, placeFlags, type StorePlace, storePlaceOf } from "../place.ts";
import { SagaReader } from "../saga-pages.ts";

interface Flags extends PlaceFlags {
  readonly event?: string;
  readonly payload?: string;
  readonly json: boolean;
}

/** Creates `odori republish`: publishes events of a saga again that a service never got. */
export function republishCommand(): Command {
  return placeFlags(
    new Command("republish")
      .summary("publish an event again that a service never got")
      .description(
        "Publish an event of a saga again that a service never got. Its id stays, so services " +
          "that have handled it ignore it. A running process of its sender publishes it.",
      )
      .argument("<sagaId>", "id of the saga, as `odori sagas --state unheard` shows it"),
  )
    .option("--event <type>", "which event, if a service misses several")
    .option("--payload <json>", "its payload, where none is kept and no service has heard it yet")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori republish order-1
  odori republish order-1 --event payment.declined.v1 --payload '{"sku":"fan","cents":9500}'

A payload is kept by \`odori dev\`, and of each delivery that was put off. Elsewhere outboxes forget
an event once the bus has confirmed it: then pass --payload, from the rows of its sender.`,
    )
    .action(async (sagaId: string, flags: Flags) =>
      withStores(await storePlaceOf(flags), async (found, place) => {
        const event = await chosen(found, sagaId, flags);
        const sender = found.find(({ service }) => service === event.emitter);
        if (sender === undefined) return;
        for (const envelope of await eventsOf(event, sender, place, flags))
          await sender.store.inspect.republish(envelope);
        const { processes } = await sender.store.inspect.counts({ deferred: false });
        const { id, type, emitter, missedBy } = event;
        if (flags.json) printJson({ republished: { id, type, emitter, missedBy }, processes });
        else {
          const when = processes > 0 ? "is published again" : `waits until ${emitter} runs`;
          print(`${shortType(type)} ${when}, for ${missedBy.join(", ")}`);
        }
      }),
    );
}

async function chosen(
  found: readonly Found[],
  sagaId: string,
  { event }: Flags,
): Promise<EventToRepublish> {
  const reader = await SagaReader.of(found, undefined);
  const parts = (await reader.parts([sagaId])).get(sagaId) ?? [];
  const all = republishable(parts, reader.hearers);
  const wanted = all.filter(({ type }) => event === undefined || type === event);
  const [one, ...others] = wanted;
  if (one === undefined)
    throw new OdoriError(
      "NOT_UNHEARD",
      event === undefined
        ? `No service misses an event of the saga ${quote(sagaId)}.`
        : `No service misses ${quote(event)} of the saga ${quote(sagaId)}.`,
      { hint: "`odori trace <saga>` shows what it waits for." },
    );
  if (others.length === 0) return one;
  const types = [...new Set(wanted.map(({ type }) => type))];
  throw new OdoriError("USAGE", `Services miss ${wanted.length} events: ${types.join(", ")}.`, {
    hint: "Name one: --event <type>.",
  });
}

/** The event as it is published again: as it was kept, else with the payload of the flag. */
async function eventsOf(
  event: EventToRepublish,
  sender: Found,
  place: StorePlace,
  { payload }: Flags,
): Promise<readonly EventEnvelope[]> {
  const kept = event.kept ?? (place.kind === "files" ? keptEvent(place.path, event) : []);
  if (payload === undefined) {
    if (kept.length > 0) return kept;
    throw new OdoriError("EVENT_NOT_KEPT", `No database has the payload of ${event.type}.`, {
      hint: "Take it from the rows of its sender, and pass it: --payload <json>.",
    });
  }
  if (kept.length > 0)
    throw new OdoriError("USAGE", `The payload of ${event.type} is kept.`, {
      hint: "Leave out --payload: another payload would be another truth.",
    });
  return [await withPayload(event, payload, sender)];
}
