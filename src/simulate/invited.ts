import { messageOf, OdoriError } from "../contract/errors.ts";
import { withStop } from "../text/sentence.ts";
import { readablePlace, thrownAt } from "./place.ts";

/** Frames in which the place of an error is looked for. */
const FRAMES = 10;

/** Calls `given`. Throws `GIVEN_INVALID` if it throws, or is not done when it returns. */
export function invited(given: () => unknown): void {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  let returned: unknown;
  try {
    returned = given();
  } catch (cause) {
    const at = thrownAt(cause);
    const place = at === undefined ? "" : ` at ${readablePlace(at)}`;
    const message = `\`given\` has thrown${place}: ${withStop(messageOf(cause))}`;
    throw new OdoriError("GIVEN_INVALID", message, { cause });
  } finally {
    Error.stackTraceLimit = limit;
  }
  if (!(returned instanceof Promise)) return;
  // Its error, if it comes to one, is not the one to tell.
  returned.catch(() => {});
  throw givenTooLate("`given` returns a promise.");
}

/** What comes of `given` after it has returned is not part of the run. */
export function givenTooLate(message: string): OdoriError {
  return new OdoriError("GIVEN_INVALID", message, {
    hint: "Begin all sagas before it returns; `begin` takes work that may be asynchronous.",
  });
}
