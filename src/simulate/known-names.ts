import { BEHAVIOUR } from "../check/catalogue/behaviour.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { MachineMap } from "./machine-map.ts";
import type { SimulationOptions } from "./options.ts";

/** Beside those of `odori check`: codes of findings of one run, and of outcomes without one. */
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

type OptionNames = Pick<SimulationOptions<unknown>, "accepts" | "instances">;

/** What is there to be named. */
interface Declared {
  readonly parts: readonly { readonly name: string }[];
  readonly map: MachineMap;
}

/**
 * Refuses names in `accepts` and `instances` that nothing has: a typing error would accept nothing,
 * or start one process. Throws `OPTION_INVALID`.
 */
export function requireKnownNames(
  { accepts = {}, instances = {} }: OptionNames,
  { parts, map }: Declared,
): void {
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
