import { existsSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import type { StoreName } from "../../simulate/options.ts";
import { readSchedule } from "../../simulate/schedule-text.ts";
import { readText } from "../files.ts";

/** A schedule that has failed once. */
export interface KeptSchedule {
  readonly schedule: string;
  /** What was wrong then. */
  readonly finding: string;
  /** Where services had their data, if not where the simulation says. */
  readonly store?: StoreName | undefined;
}

const STORES: readonly StoreName[] = ["rows", "sqlite", "pglite"];
const KEPT_MAX = 1_000;

/** The file of a module's schedules: `order.simulation.schedules.json` beside it. */
export function keptFileOf(module: string): string {
  return join(dirname(module), `${basename(module, extname(module))}.schedules.json`);
}

/** Reads the schedules that have failed before; none without the file. */
export function readSchedules(file: string): readonly KeptSchedule[] {
  if (!existsSync(file)) return [];
  let document: unknown;
  try {
    document = JSON.parse(readText(file));
  } catch (cause) {
    if (cause instanceof OdoriError) throw cause;
    throw invalid(file, "it is not JSON");
  }
  if (!Array.isArray(document)) throw invalid(file, "it is not a list");
  if (document.length > KEPT_MAX) throw invalid(file, `it has more than ${KEPT_MAX} schedules`);
  return document.map((one: unknown): KeptSchedule => {
    if (typeof one !== "object" || one === null || !("schedule" in one))
      throw invalid(file, "an entry has no schedule");
    const { schedule } = one;
    const finding = "finding" in one ? one.finding : "";
    const store = "store" in one ? STORES.find((name) => name === one.store) : undefined;
    if ("store" in one && store === undefined) throw invalid(file, "a store is unknown");
    if (typeof schedule !== "string" || typeof finding !== "string")
      throw invalid(file, "a schedule is not a text");
    readSchedule(schedule);
    return { schedule, finding, ...(store !== undefined && { store }) };
  });
}

/** Adds a schedule, unless it is there. */
export function keepSchedule(file: string, added: KeptSchedule): void {
  const known = readSchedules(file);
  const isAdded = ({ schedule, store }: KeptSchedule) =>
    schedule === added.schedule && store === added.store;
  if (known.some(isAdded)) return;
  writeFileSync(file, `${JSON.stringify([...known, added], undefined, 2)}\n`);
}

function invalid(file: string, why: string): OdoriError {
  return new OdoriError("SCHEDULE_INVALID", `The file ${quote(file)} cannot be read: ${why}.`, {
    hint: "Restore it from version control, or delete it.",
  });
}
