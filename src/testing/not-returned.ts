import { OdoriError } from "../contract/errors.ts";

/** Makes the error of a handler that was waited for in vain. */
export function handlerNotReturned(message: string): OdoriError {
  return new OdoriError("HANDLER_TIMEOUT", message, {
    hint: "Let what it waits for come, such as from a stand-in; or raise patienceMs.",
  });
}
