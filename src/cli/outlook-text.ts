import type { Outlook } from "../check/from-here/from-here.ts";
import type { Ahead } from "../check/from-here/look-ahead.ts";
import type { NextOutcome, NextStep } from "../check/from-here/next-steps.ts";
import type { RestingPlace } from "../observe/resting.ts";
import type { OpenDelivery } from "../observe/summary.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { agoText } from "./ago.ts";
import type { SagaOutlook } from "./outlook.ts";
import { restingText } from "./resting-text.ts";

/** Most lines of one kind, and most names in a line. */
const SHOWN_MAX = 8;
const COLUMN = "  ";

/** Says why a saga stands where it does, and what may follow. Empty for one that has ended. */
export function outlookLines(
  { summary, outlook, unread }: SagaOutlook,
  now: number,
): readonly string[] {
  const { state, open, rests: place } = summary;
  const rests = unread.length === 0 && outlook !== undefined && restsWithoutEnd(outlook);
  const stuck = state === "stuck" || rests;
  const lines = section("WHY", [
    ...open.map((one) => openText(one, now)),
    ...(open.some((one) => one.state === "unheard")
      ? [`nothing delivers it again: odori republish ${summary.sagaId}`]
      : []),
    ...(stuck ? ["nothing is left to happen, and the saga has no end"] : []),
    ...(place === undefined ? [] : restingTexts(place, now)),
    ...(unread.length > 0
      ? [`it may have gone on where nothing is read: ${listText(unread)}`]
      : []),
  ]);
  const isOver = open.length === 0 && outlook?.ahead.atRest === true && unread.length === 0;
  if (outlook === undefined || (isOver && !stuck)) return lines;
  const ends = outlook.endsKnown;
  const { ahead, ifRetried, ifDiscarded, cannot, types } = outlook;
  const may = (ifRetried ?? ahead).events;
  const count = `${may.length} of ${types} events`;
  return [
    ...lines,
    ...section(
      "NEXT",
      outlook.next.flatMap((step) => nextText(step, ends)),
    ),
    ...section("ENDS", ends ? endTexts(outlook) : []),
    ...section("MAY STILL HAPPEN", may.length === 0 ? [] : [`${count}: ${listText(may)}`]),
    ...section("CANNOT ANY MORE", cannot.length === 0 ? [] : [listText(cannot)]),
    ...section("NOT CERTAIN", [
      ...doubtTexts(outlook),
      ...[ahead, ifRetried, ifDiscarded].flatMap((one) => unfinished(one)).slice(0, 1),
    ]),
  ];
}

function restingTexts(place: RestingPlace, now: number): readonly string[] {
  const { emitted, at } = place;
  const which = listText(emitted);
  return [
    `it ${restingText(place)} ${agoText(now - at)} ago`,
    ...(emitted.length === 0 ? [] : [`nothing has gone on with what this emitted: ${which}`]),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, SHOWN_MAX);
  const more = lines.length > shown.length ? [`and ${lines.length - shown.length} more`] : [];
  return [...shown, ...more].map((line, at) => {
    const head = at === 0 ? title : "";
    return `${head.padEnd("MAY STILL HAPPEN".length)}${COLUMN}${printable(line)}`;
  });
}

function restsWithoutEnd({ endsKnown, ahead }: Outlook): boolean {
  return endsKnown && ahead.atRest && ahead.bad.includes("no end");
}

function openText(
  { service, reaction, type, state, since, dueAt, seq }: OpenDelivery,
  now: number,
) {
  const event = shortType(type);
  const ago = agoText(now - since);
  const due = dueAt === undefined || dueAt <= now ? "now" : `in ${agoText(dueAt - now)}`;
  switch (state) {
    case "on its way":
      return `${service} has not handled ${event} for ${ago}: in an outbox, or on the bus`;
    case "unheard":
      return `${service} has never got ${event}, which was published ${ago} ago`;
    case "retrying":
      return `${service} has failed at ${event}, and tries again ${due}`;
    case "waiting":
      return `${service} keeps ${event} behind an earlier delivery, for ${ago}`;
    case "parked":
      return `${service} has given up on ${event} ${ago} ago: odori parked retry ${service}/${seq}`;
    case "armed":
      return `${service} waits for its ${reaction}, due ${due}`;
  }
}

function nextText({ service, name, hears, outcomes }: NextStep, ends: boolean): readonly string[] {
  const what =
    service === undefined
      ? "an event may come from outside"
      : hears === undefined
        ? `${service}: its ${name} passes`
        : `${service} hears ${shortType(hears)}`;
  const told = outcomes.filter(({ kind }) => kind !== "nothing");
  if (told.length === 0) return [`${what}: nothing follows`];
  return [what, ...told.map((outcome) => `${COLUMN}${outcomeText(outcome, ends)}`)];
}

const IF: Readonly<Record<NextOutcome["kind"], string>> = {
  success: "if it succeeds",
  failure: "if it refuses",
  late: "since it is late",
  acknowledge: "with nothing to undo",
  park: "if it is given up on",
  nothing: "else",
};

function outcomeText({ kind, emits, follows, rest }: NextOutcome, ends: boolean): string {
  const events = [...emits, ...follows].map(shortType);
  const way = events.length === 0 ? "no event" : events.slice(0, SHOWN_MAX).join(" > ");
  const more = events.length > SHOWN_MAX ? " > …" : "";
  const end = !ends || rest === undefined ? "" : ` (${rest})`;
  return `${IF[kind]}: ${way}${more}${end}`;
}

function endTexts({ ahead, ifRetried, ifDiscarded }: Outlook): readonly string[] {
  if (ifRetried === undefined) return [endText(ahead)];
  return [
    `as it is: ${endText(ahead)}`,
    `if what is parked is retried: ${endText(ifRetried)}`,
    ...(ifDiscarded === undefined ? [] : [`if it is discarded: ${endText(ifDiscarded)}`]),
  ];
}

function endText({ good, bad, violations }: Ahead): string {
  const wrong = violations.slice(0, 2).map(({ code, message }) => `${code}: ${message}`);
  const parts = [...good, ...bad.map((rest) => `${rest}, wrongly`)];
  const ends = parts.length === 0 ? "none found" : parts.join(" or ");
  return wrong.length === 0 ? ends : `${ends} (${wrong.join("; ")})`;
}

function doubtTexts({ doubts }: Outlook): readonly string[] {
  const { keyed, moreKeys, strangers, unknownParts, unread } = doubts;
  const texts: string[] = [];
  if (unread.length > 0) texts.push(`no database of ${listText(unread)} was read`);
  if (strangers.length > 0) texts.push(`no journal says what emitted ${listText(strangers)}`);
  if (unknownParts.length > 0)
    texts.push(`the choreography does not have ${listText(unknownParts)}`);
  if (keyed.length > 0) texts.push(`of effects with a key two are told apart: ${listText(keyed)}`);
  if (moreKeys.length > 0) texts.push(`this saga has more keys of ${listText(moreKeys)}`);
  return texts;
}

function unfinished(ahead: Ahead | undefined): readonly string[] {
  if (ahead === undefined || ahead.complete) return [];
  return [`only ${ahead.states} states were explored: more may happen`];
}

function listText(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_MAX).map(shortType).join(", ");
  return names.length > SHOWN_MAX ? `${shown}, and ${names.length - SHOWN_MAX} more` : shown;
}
