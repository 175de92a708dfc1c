import { OdoriError } from "../contract/errors.ts";

const DAY_SECONDS = 86_400;

/** Reads a number of seconds from the environment. Throws `USAGE`. */
export function secondsOf(variable: string, otherwise: number): number {
  const text = process.env[variable];
  if (text === undefined) return otherwise;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= DAY_SECONDS) return seconds;
  throw new OdoriError("USAGE", `${variable} is ${JSON.stringify(text)}.`, {
    hint: `Set it to a number of seconds above 0, at most ${DAY_SECONDS}.`,
  });
}
