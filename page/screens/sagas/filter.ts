import type { SagasQuery, Verdict } from "../../../src/console/wire.ts";
import type { Query } from "../../route.ts";
import { VERDICTS } from "../../ui/tones.ts";

export type SagaFilter = Pick<
  SagasQuery,
  "verdict" | "at" | "event" | "older" | "correlation" | "id"
>;

/** The words of a filter, and those that say nothing. */
export interface Parsed {
  readonly filter: SagaFilter;
  readonly unknown: readonly string[];
  /** What was said before in another way: the first one counts. */
  readonly repeated: readonly string[];
}

/** What stands between quotes is one word; so is what follows a quote that is not closed yet. */
const WORD = /(?:"(?:\\.|[^"\\])*(?:"|$)|[^\s"])+/gs;

function quoted(value: string): string {
  return /[\s"\\]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}

function unquoted(value: string): string {
  const inner = /^"(.*?)"?$/s.exec(value)?.[1];
  return inner === undefined ? value : inner.replace(/\\(.)/gs, "$1");
}

const SPAN = /^\d+(s|m|h|d)$/;

/** As `odori sagas` calls them. */
const ALSO: Readonly<Record<string, Verdict>> = { failed: "undone" };

function verdictsIn(text: string): readonly Verdict[] | undefined {
  const named = text
    .split(",")
    .map((name) => name.toLowerCase().replaceAll("-", " "))
    .map((name) => ALSO[name] ?? name);
  const known = VERDICTS.filter((verdict) => named.includes(verdict));
  return known.length === named.length ? known : undefined;
}

/**
 * Reads `is:stuck at:payment event:order.placed older:1h correlation:web-77`; all other words begin
 * an id.
 */
export function parseFilter(text: string): Parsed {
  const filter: { -readonly [K in keyof SagaFilter]: SagaFilter[K] } = {};
  const unknown: string[] = [];
  const repeated: string[] = [];
  const put = (key: keyof SagaFilter, value: string, word: string) => {
    if (filter[key] === undefined) filter[key] = value;
    else if (filter[key] !== value) repeated.push(word);
  };
  const id: string[] = [];
  for (const word of text.match(WORD) ?? []) {
    const [, key, said] = /^(is|at|event|older|correlation):(.*)$/s.exec(word) ?? [];
    const value = said === undefined ? undefined : unquoted(said);
    if (key === undefined || value === undefined) id.push(word);
    else if (key === "is" && verdictsIn(value))
      put("verdict", verdictsIn(value)?.join(",") ?? "", word);
    else if (key === "older" && SPAN.test(value)) put("older", value, word);
    else if (key === "event" && eventsOf(value.split(",")) !== undefined) put(key, value, word);
    else if ((key === "at" || key === "correlation") && value !== "") put(key, value, word);
    else unknown.push(word);
  }
  if (id.join(" ") !== "") filter.id = id.join(" ");
  return { filter, unknown, repeated };
}

/** What a query takes: src/console/query.ts. */
const EVENTS_MAX = { count: 32, letters: 512 };

/** Some types as the value of `event:`; undefined if one has no name, or they are too many. */
export function eventsOf(types: readonly string[]): string | undefined {
  const text = [...new Set(types.map((type) => type.replace(/\.v\d+$/, "")))].join(",");
  const fits = types.length <= EVENTS_MAX.count && text.length <= EVENTS_MAX.letters;
  return fits && !types.includes("") ? text : undefined;
}

/** The filter that an address has. */
export function filterIn({ verdict, at, event, older, correlation, id }: Query): SagaFilter {
  const all = { verdict, at, event, older, correlation, id };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The filter as a person would have written it. */
export function filterText({ verdict, at, event, older, correlation, id }: SagaFilter): string {
  const part = (key: string, value: string | undefined) =>
    value === undefined || value === "" ? [] : [`${key}:${quoted(value)}`];
  return [
    ...part("is", verdict?.replaceAll(" ", "-")),
    ...part("at", at),
    ...part("event", event),
    ...part("older", older),
    ...part("correlation", correlation),
    ...(id === undefined || id === "" ? [] : [id]),
  ].join(" ");
}
