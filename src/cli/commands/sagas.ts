import { Command, InvalidArgumentError, Option } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import type { OpenDelivery, SagaState } from "../../observe/summary.ts";
import type { SagaPlace, SagaQuery } from "../../ports/inspection.ts";
import { BEHIND_ALL, comparePlaces } from "../../ports/saga-order.ts";
import { shortType } from "../../text/short.ts";
import { agoText } from "../ago.ts";
import { choreographyOption, namedManifest } from "../choreography-option.ts";
import { jsonOption, withStores } from "../data.ts";
import { notReadLines, notReadText } from "../not-read.ts";
import { FOUND, paint, print, printJson, table } from "../output.ts";
import { age, type PlaceFlags, placeFlags, shownPlace, storePlaceOf } from "../place.ts";
import { restingText } from "../resting-text.ts";
import { endsIn, type ListedSaga, SagaReader, sagaPages } from "../saga-pages.ts";

interface Flags extends PlaceFlags {
  readonly state: readonly SagaState[];
  readonly stuck: boolean;
  readonly older?: number;
  readonly correlation?: string;
  readonly source: readonly string[];
  readonly limit: number;
  readonly after?: SagaPlace;
  readonly examine: number;
  readonly json: boolean;
}

const STATES: readonly SagaState[] = [
  "parked",
  "succeeded",
  "failed",
  "unheard",
  "retrying",
  "running",
  "waiting",
  "stuck",
  "rest",
];

/** Creates `odori sagas`: lists sagas by state, age and end. */
export function sagasCommand(): Command {
  return placeFlags(
    new Command("sagas")
      .summary("list sagas by state, age and end")
      .description("List the sagas of all services, the one that began last first."),
  )
    .addOption(
      new Option("--state <state...>", "only sagas in one of these states")
        .choices(STATES)
        .default([], "all"),
    )
    .option("--stuck", "only sagas that have no end and nothing left to happen", false)
    .option("--older <age>", "only sagas that began at least this long ago: 90s, 5m, 1h, 2d", age)
    .option("--correlation <id>", "only sagas with this correlation id")
    .addOption(choreographyOption("choreography that names the ends"))
    .option("--limit <n>", "most sagas", parseCount, 20)
    .option("--after <place>", "the next page: as the last one has printed it", placeIn)
    .option("--examine <n>", "most sagas that are read for a filter", parseCount, 10_000)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori sagas
  odori sagas --stuck --older 1h --source src/choreography.ts
  odori sagas --state parked retrying --postgres postgres://localhost/shop
  odori sagas --correlation web-77 --json

States, the first that holds:
  parked     a delivery was given up on: odori parked list
  succeeded  an event of succeeds was emitted
  failed     an event of fails was emitted
  unheard    an event is in no outbox and not on the bus, and was not heard: odori republish
  retrying   a delivery failed and is tried again
  running    an event is on its way to a service that hears it, or it may go on in one whose
             database is not read
  waiting    only deadlines are left
  stuck      nothing is left to happen, and the saga has no end
  rest       nothing is left to happen; no --source says what an end is

Exit status: 0 none of them is parked, unheard or stuck, 1 some are, 2 the command could not run.`,
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const place = await storePlaceOf(flags);
  const choreography = await namedManifest(flags);
  const wanted = flags.stuck ? [...flags.state, "stuck" as const] : flags.state;
  if (endsIn(choreography) === undefined && wanted.some((state) => NEED_ENDS.includes(state)))
    throw new OdoriError("USAGE", `${wanted.join(", ")}: the ends of the sagas are not known.`, {
      hint: "Pass --source <choreography>, or set choreography in odori.config.json.",
    });
  const page = await withStores(place, async (found) => {
    const reader = await SagaReader.of(found, choreography);
    const pages = sagaPages(found, queryOf(flags, wanted), reader);
    return { ...(await read(pages, flags, wanted)), unread: reader.unread };
  });
  const { sagas, examined, next: after, unread } = page;
  if (flags.json) printJson({ sagas: sagas.map(json), examined, after, unread });
  else show(page, shownPlace(place));
  if (page.sagas.some(({ summary }) => NEED_A_PERSON.includes(summary.state)))
    process.exitCode = FOUND;
}

const NEED_A_PERSON: readonly SagaState[] = ["parked", "unheard", "stuck"];
const NEED_ENDS: readonly SagaState[] = ["succeeded", "failed", "stuck"];

/** Deliveries that are put off are few, so their sagas are found by them. */
function queryOf(
  { older, after = BEHIND_ALL, correlation }: Flags,
  wanted: readonly SagaState[],
): Omit<SagaQuery, "limit"> {
  const old = older === undefined ? BEHIND_ALL : { born: Date.now() - older, sagaId: "" };
  const before = comparePlaces(old, after) < 0 ? old : after;
  if (correlation !== undefined) return { before, among: { correlationId: correlation } };
  const states = wanted.flatMap((state) => {
    if (state === "parked") return ["parked" as const];
    if (state === "retrying") return ["retrying" as const, "waiting" as const];
    return state === "waiting" ? ["armed" as const] : [];
  });
  const byDeferred = wanted.every((state) => ["parked", "retrying", "waiting"].includes(state));
  return wanted.length > 0 && byDeferred ? { before, among: { states } } : { before };
}

interface Page {
  readonly sagas: readonly ListedSaga[];
  readonly examined: number;
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
  /** Services of the choreography whose databases are not read. */
  readonly unread: readonly string[];
}

async function read(
  pages: AsyncGenerator<readonly ListedSaga[]>,
  { limit, examine }: Flags,
  wanted: readonly SagaState[],
): Promise<Omit<Page, "unread">> {
  const sagas: ListedSaga[] = [];
  let examined = 0;
  for await (const page of pages)
    for (const saga of page) {
      examined++;
      if (wanted.length === 0 || wanted.includes(saga.summary.state)) sagas.push(saga);
      if (sagas.length >= limit || examined >= examine)
        return { sagas, examined, next: placeText(saga.place) };
    }
  return { sagas, examined, next: undefined };
}

function show({ sagas, examined, next, unread }: Page, where: string): void {
  const colours = paint();
  const now = Date.now();
  if (sagas.length === 0) print(`No saga in ${where} fits (${examined} examined).`);
  else {
    const header = ["saga", "state", "end, or what it waits for", "steps", "began", "last"];
    const lines = table([header, ...sagas.map((saga) => cells(saga, now))]);
    for (const [index, line] of lines.entries()) {
      const state = sagas[index - 1]?.summary.state;
      print(state !== undefined && NEED_A_PERSON.includes(state) ? colours.bad(line) : line);
    }
  }
  for (const line of notReadLines(unread)) print(colours.dim(line));
  if (next !== undefined) print(colours.dim(`More: --after ${next}`));
}

function cells({ summary, unread }: ListedSaga, now: number): readonly string[] {
  const { sagaId, state, end, open, rests, steps, began, last } = summary;
  const what =
    end !== undefined && state !== "parked"
      ? shortType(end.type)
      : rests === undefined
        ? openText(open, now) || notReadText(unread)
        : [`${restingText(rests)} ${agoText(now - rests.at)} ago`, notReadText(unread)]
            .filter((text) => text !== "")
            .join("; ");
  return [sagaId, state, what, String(steps), agoText(now - began), agoText(now - last)];
}

function openText(open: readonly OpenDelivery[], now: number): string {
  const [first, ...more] = open.toSorted(
    (a, b) => Number(b.state === "parked") - Number(a.state === "parked"),
  );
  if (first === undefined) return "";
  const { service, reaction, type, state, since, dueAt, seq } = first;
  const others = more.length === 0 ? "" : `, and ${more.length} more`;
  if (state === "armed" && dueAt !== undefined)
    return `${service}: ${reaction} due in ${agoText(dueAt - now)}${others}`;
  const id = state === "parked" ? `${service}/${seq}` : service;
  return `${id}: ${shortType(type)} ${state} for ${agoText(now - since)}${others}`;
}

function json({ place, summary, unread }: ListedSaga) {
  const { began, last, end, open, rests, ...rest } = summary;
  const date = (at: number) => new Date(at).toISOString();
  return {
    ...rest,
    end: end && { ...end, at: date(end.at) },
    began: date(began),
    last: date(last),
    open: open.map(({ since, dueAt, seq, ...row }) => ({
      ...row,
      id: seq === undefined ? undefined : `${row.service}/${seq}`,
      since: date(since),
      dueAt: dueAt === undefined ? undefined : date(dueAt),
    })),
    ...(rests !== undefined && { rests: { ...rests, at: date(rests.at) } }),
    ...(unread.length > 0 && { unread }),
    place: placeText(place),
  };
}

/** A word that a shell takes as it is: an id may come from a message of another system. */
function placeText({ born, sagaId }: SagaPlace): string {
  const id = encodeURIComponent(sagaId).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
  return `${born}:${id}`;
}

function placeIn(text: string): SagaPlace {
  const [, born = "", id = ""] = /^(\d{1,15}):([\w.~%-]+)$/.exec(text) ?? [];
  try {
    if (born !== "") return { born: Number(born), sagaId: decodeURIComponent(id) };
  } catch {
    // It is refused below.
  }
  throw new InvalidArgumentError("Copy it from the page before.");
}

function parseCount(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError("Pass a whole number from 1 to 1000000.");
}
