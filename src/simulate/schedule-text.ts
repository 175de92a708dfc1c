import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Departure, Schedule } from "./decisions.ts";

/** A schedule longer than this was not written by a simulation. */
const DEPARTURES_MAX = 10_000;
/** What a user may call another system, and neither a schedule nor a shell leaves as it is. */
const ESCAPED = /[%,#="'`$\\!\p{Cc}]/gu;

/**
 * Writes a schedule as one line: `crash payment#5,next#4=2`. Empty for the calm run. In names, what
 * has a meaning there is escaped as in addresses: `answer bank%2C EU#1`.
 */
export function scheduleText(schedule: Schedule): string {
  return schedule
    .map(({ site, index, value }) => {
      const name = site.replace(ESCAPED, escaped);
      return `${name}#${index}${value === 1 ? "" : `=${value}`}`;
    })
    .join(",");
}

function escaped(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Reads what `scheduleText` has written. Throws `SCHEDULE_INVALID`. */
export function readSchedule(text: string): Schedule {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length > DEPARTURES_MAX)
    throw invalid(`It has ${parts.length} departures, more than ${DEPARTURES_MAX}.`);
  return parts.map(readDeparture);
}

/** The departures that a run could not take: the code has changed since, or has never had them. */
export function notTaken(schedule: Schedule, taken: Schedule): Schedule {
  const names = new Set(taken.map(({ site, index }) => `${site}#${index}`));
  return schedule.filter(({ site, index }) => !names.has(`${site}#${index}`));
}

/** Refuses a schedule that says nothing about the code: `SCHEDULE_INVALID`. */
export function requireTaken(schedule: Schedule, taken: Schedule): void {
  const [first] = notTaken(schedule, taken);
  if (first === undefined) return;
  const name = quote(scheduleText([first]));
  throw new OdoriError("SCHEDULE_INVALID", `The run does not take the decision ${name}.`, {
    hint: "The code has changed since the schedule was printed, or it belongs to another store.",
  });
}

function readDeparture(part: string): Departure {
  const [, site, index, value = "1"] = /^([^#,]+)#(\d{1,9})(?:=(\d{1,10}))?$/.exec(part) ?? [];
  if (site === undefined || index === undefined)
    throw invalid(`${quote(part)} is not a departure.`);
  const name = site.replace(/%([0-9A-F]{2})/g, (_, code) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  return { site: name, index: Number(index), value: Number(value) };
}

function invalid(message: string): OdoriError {
  return new OdoriError("SCHEDULE_INVALID", message, {
    hint: "Pass the text that a simulation has printed, such as: crash payment#5,next#4=2",
  });
}
