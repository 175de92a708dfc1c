import type { SagasQuery, Verdict } from "../../../src/console/wire.ts";
import { VERDICTS } from "../../ui/tones.ts";

export type SagaFilter = Pick<SagasQuery, "verdict" | "at" | "older" | "correlation" | "id">;

/** The words of a filter, and those that say nothing. */
export interface Parsed {
  readonly filter: SagaFilter;
  readonly unknown: readonly string[];
}

const SPAN = /^\d+(s|m|h|d)$/;

function verdictsIn(text: string): readonly Verdict[] | undefined {
  const named = text.split(",").map((name) => name.replaceAll("-", " "));
  const known = VERDICTS.filter((verdict) => named.includes(verdict));
  return known.length === named.length ? known : undefined;
}

/** Reads `is:stuck at:payment older:1h correlation:web-77`; all other words begin an id. */
export function parseFilter(text: string): Parsed {
  const filter: { -readonly [K in keyof SagaFilter]: SagaFilter[K] } = {};
  const unknown: string[] = [];
  const id: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const [, key, value] = /^(is|at|older|correlation):(.*)$/.exec(word) ?? [];
    if (key === undefined || value === undefined) id.push(word);
    else if (key === "is" && verdictsIn(value)) filter.verdict = verdictsIn(value)?.join(",") ?? "";
    else if (key === "older" && SPAN.test(value)) filter.older = value;
    else if ((key === "at" || key === "correlation") && value !== "") filter[key] = value;
    else unknown.push(word);
  }
  if (id.join(" ") !== "") filter.id = id.join(" ");
  return { filter, unknown };
}

/** The filter as a person would have written it. */
export function filterText({ verdict, at, older, correlation, id }: SagaFilter): string {
  const part = (key: string, value: string | undefined) =>
    value === undefined || value === "" ? [] : [`${key}:${value}`];
  return [
    ...part("is", verdict?.replaceAll(" ", "-")),
    ...part("at", at),
    ...part("older", older),
    ...part("correlation", correlation),
    ...(id === undefined || id === "" ? [] : [id]),
  ].join(" ");
}
