import type { FindingCode } from "../finding.ts";
import { RULES } from "../lint/rules.ts";
import { BEHAVIOUR } from "./behaviour.ts";
import { DECLARED } from "./declared.ts";
import type { FindingEntry } from "./entry.ts";

const NAMES_AND_PAYLOADS: readonly (readonly [FindingCode, FindingEntry])[] = RULES.map(
  ({ code, reason, hint }) => [code, { meaning: reason, hint: hint }],
);

/**
 * The codes of all findings by what they are about: the headings of the reference. Each code has a
 * page, generated from here by `npm run docs`.
 */
export const FINDING_AREAS: Readonly<Record<string, ReadonlyMap<string, FindingEntry>>> = {
  "What happens to a saga": new Map(Object.entries(BEHAVIOUR)),
  "What the declarations say": new Map(Object.entries(DECLARED)),
  "Names and payloads": new Map(NAMES_AND_PAYLOADS),
};

/** Returns what the reference says of a code; undefined for one that is not of a finding. */
export function findingEntry(code: string): FindingEntry | undefined {
  return Object.values(FINDING_AREAS)
    .map((area) => area.get(code))
    .find((entry) => entry !== undefined);
}
