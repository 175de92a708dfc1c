import type { OpenDelivery } from "../../src/console/wire.ts";
import { spanText } from "../text/time.ts";
import { shortType, visible } from "../text/visible.ts";
import { words } from "../words/words.ts";

/** Says of an open delivery who waits for what, and since when. */
export function openText(open: OpenDelivery, now: number): string {
  const { open: w, time } = words.value;
  const { state, since, due, attempts } = open;
  const [service, event] = [visible(open.service), shortType(open.type)];
  const span = spanText(now - since);
  const tries = (attempts ?? 0) === 0 ? "" : w.attempts(attempts ?? 0);
  const at = due === undefined || due <= now ? time.due : time.in(spanText(due - now));
  switch (state) {
    case "armed":
      return w.armed(service, deadlineName(open.reaction), at);
    case "retrying":
      // A person has had it retried, or what it waited behind is settled.
      if (attempts === 0) return w.again(service, event, at);
      return w.retrying(service, event, tries, at);
    case "waiting":
      return w.waiting(service, event, span);
    case "parked":
      return w.parked(service, event, tries, span);
    case "on its way":
      return w.way(service, event, span);
    case "unheard":
      return w.unheard(service, event, span);
  }
}

/** A deadline is stored under a name that begins with this word, which each language has. */
export function deadlineName(stored: string): string {
  return shortType(stored.replace(/^deadline /, ""));
}

/** Says of an event on its way how far it has come. Undefined where that is not known yet. */
export function placeText({ where, notRunning }: OpenDelivery): string | undefined {
  const { open: w } = words.value;
  const places = { outbox: w.outbox, bus: w.bus, unknown: w.unknown };
  const parts = [
    ...(where === undefined ? [] : [places[where]]),
    ...(notRunning === undefined ? [] : [w.notRunning(visible(notRunning))]),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}
