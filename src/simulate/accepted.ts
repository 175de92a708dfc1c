import { BEHAVIOUR } from "../check/catalogue/behaviour.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { RunResult } from "./run.ts";
import type { Stage } from "./stage.ts";

/** Codes that `accepts` may name beside those of `odori check`: of findings of one run, or NEVER. */
const CODES = [
  "MODEL",
  "INVARIANT",
  "PARKED",
  "LOST",
  "BEGIN",
  "RESTLESS",
  "UNCONTROLLED",
  "NEVER",
];

/** In how many runs each accepted code was found. */
export type AcceptedCounts = Readonly<Record<string, number>>;

/** Counts the runs with findings that are accepted. */
export class AcceptedFindings {
  readonly #runs = new Map<string, number>();

  get counts(): AcceptedCounts {
    return Object.fromEntries(this.#runs);
  }

  note({ accepted }: RunResult): void {
    if (accepted.length === 0) return;
    for (const code of new Set(accepted.map((finding) => finding.code)))
      this.#runs.set(code, (this.#runs.get(code) ?? 0) + 1);
  }
}

/**
 * Refuses names in `accepts` and `instances` that nothing has: a typing error would accept nothing,
 * or start one process. Throws `OPTION_INVALID`.
 */
export function requireKnownNames<Native>({ options, parts, map }: Stage<Native>): void {
  const { accepts = {}, instances = {} } = options;
  for (const [name, count] of Object.entries(instances)) {
    if (!parts.some((part) => part.name === name))
      throw unknown(`instances names ${quote(name)}, which is not a service.`, "a service");
    if (!Number.isSafeInteger(count) || count < 1)
      throw unknown(`instances has ${count} processes of ${name}.`, "a whole number from 1");
  }
  const names = Object.keys(accepts).filter((name) => !isCode(name));
  if (names.length === 0) return;
  const outcomes = map.foresee()?.outcomes;
  // With too many states no list is made of what can happen, and nothing is told that never does.
  const first = outcomes && names.find((name) => !outcomes.has(name));
  if (first === undefined) return;
  const said = `accepts names ${quote(first)}, which is neither a code nor what can happen.`;
  throw unknown(said, "a code, or an outcome as a finding NEVER tells it");
}

function isCode(name: string): boolean {
  return CODES.includes(name) || Object.hasOwn(BEHAVIOUR, name);
}

function unknown(message: string, what: string): OdoriError {
  return new OdoriError("OPTION_INVALID", message, { hint: `Pass ${what}.` });
}
