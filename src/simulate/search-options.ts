import { OdoriError } from "../contract/errors.ts";

/** Which runs a simulation makes. */
export interface SearchOptions {
  /**
   * How many seeds, each of which draws a run.
   * @default 1_000
   */
  readonly seeds?: number;
  /** How long to go on, in minutes of real time; instead of `seeds`. */
  readonly minutes?: number;
  /**
   * The first seed. Seeds are numbers of 32 bits: after 4,294,967,295 they begin again.
   * @default 1
   */
  readonly seed?: number;
  /** Makes the one run of a schedule, as the message of a failure has it. */
  readonly replay?: string;
  /** Makes every run with at most this number of departures from the calm one, instead of seeds. */
  readonly systematic?: 1 | 2;
  /**
   * Schedules that have failed before: they are repeated first.
   * @default []
   */
  readonly schedules?: readonly string[];
}

type SearchOption = keyof SearchOptions;

/** Options of which at most one may be there: each says which runs to make. */
const EXCLUSIVE: readonly (readonly SearchOption[])[] = [
  ["seeds", "minutes", "replay"],
  ["seeds", "systematic", "replay"],
  ["seed", "systematic"],
  ["seed", "replay"],
];

/** Refuses numbers that lead to no run, and options that exclude each other: `OPTION_INVALID`. */
export function checkSearch(options: SearchOptions): void {
  const { seeds, seed, minutes, systematic } = options;
  for (const [name, value] of Object.entries({ seeds, seed }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw invalid(`\`${name}\` is ${value}.`, "It is a whole number from 1.");
  if (minutes !== undefined && !(minutes > 0 && minutes < Number.POSITIVE_INFINITY))
    throw invalid(`\`minutes\` is ${minutes}.`, "It is a number above 0.");
  if (systematic !== undefined && systematic !== 1 && systematic !== 2)
    throw invalid(`\`systematic\` is ${String(systematic)}.`, "It is 1 or 2.");
  for (const names of EXCLUSIVE) {
    const [first, second] = names.filter((name) => options[name] !== undefined);
    if (second !== undefined)
      throw invalid(`\`${first}\` and \`${second}\` say different things.`, "Leave out one.");
  }
}

function invalid(message: string, hint: string): OdoriError {
  return new OdoriError("OPTION_INVALID", message, { hint });
}
