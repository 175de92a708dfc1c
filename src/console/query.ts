import { stemOf } from "../contract/grammar.ts";
import type { ListPlace } from "../observer/saga-list.ts";
import { VERDICTS } from "../observer/verdict.ts";
import { queryInvalid } from "./refusal.ts";

/** Longest value of a parameter: an id has at most 256 characters, a list of verdicts fewer. */
const VALUE_MAX = 512;

/** Reads the parameters of a query. Throws `QUERY_INVALID` for one that is not among `names`. */
export function parametersIn<Name extends string>(
  url: string,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  const given = new Map<string, string>();
  for (const [name, value] of new URL(url).searchParams) {
    if (!names.some((known) => known === name))
      throw queryInvalid(`Known parameters are ${names.join(", ") || "none"}.`);
    if (value.length > VALUE_MAX || given.has(name)) throw queryInvalid(`${name} is too long.`);
    if (value !== "") given.set(name, value);
  }
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = given.get(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Reads a whole number in a range; `standard` if it is absent. */
export function wholeIn(
  text: string | undefined,
  name: string,
  { least, most, standard }: { readonly least: number; readonly most: number; standard: number },
): number {
  if (text === undefined) return standard;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
  throw queryInvalid(`${name} is a whole number from ${least} to ${most}.`);
}

/** Reads verdicts with commas between them. */
export function verdictsIn(text: string | undefined) {
  return text?.split(",").map((one) => {
    const verdict = VERDICTS.find((known) => known === one.trim());
    if (verdict === undefined) throw queryInvalid(`Verdicts are ${VERDICTS.join(", ")}.`);
    return verdict;
  });
}

/** Most events in one filter: each is looked up by itself. */
const EVENTS_MAX = 32;

/** Reads event types with commas between them, with versions or without: their stems. */
export function stemsIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const stems = [...new Set(text.split(",").map((one) => stemOf(one.trim())))];
  if (stems.includes("")) throw queryInvalid("event is a type such as order.placed, or several.");
  if (stems.length > EVENTS_MAX) throw queryInvalid(`event takes at most ${EVENTS_MAX} types.`);
  return stems;
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads an age such as `90s` or `2d`, in milliseconds. */
export function ageIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (unit === "s" || unit === "m" || unit === "h" || unit === "d")
    return Number(count) * UNITS[unit];
  throw queryInvalid("older is a number with s, m, h or d, such as 90s or 2d.");
}

/** A place in a list as one word, and back. */
export function listPlaceText({ began, id }: ListPlace): string {
  return `${began}.${Buffer.from(id).toString("base64url")}`;
}

export function listPlaceIn(text: string | undefined): ListPlace | undefined {
  if (text === undefined) return undefined;
  const [, began, id] = /^(\d{1,16})\.([\w-]*)$/.exec(text) ?? [];
  if (began === undefined || id === undefined) throw queryInvalid("after is not a place.");
  return { began: Number(began), id: Buffer.from(id, "base64url").toString() };
}

/** Reads the id of a delivery: `payment/3`. */
export function deliveryNamed(
  id: string,
): { readonly service: string; readonly seq: number } | undefined {
  const [, service, seq] = /^([^/]{1,256})\/(\d{1,15})$/.exec(id) ?? [];
  return service === undefined ? undefined : { service, seq: Number(seq) };
}
