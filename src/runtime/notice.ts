import type { Logger } from "../ports/logger.ts";
import type { Notice } from "./draft.ts";
import { PutOffError } from "./put-off.ts";

/**
 * Logs that a delivery was parked (`error`), or failed and is tried again (`warn`), or was put off
 * (`debug`). `now` is in milliseconds since 1970.
 */
export function logNotice(logger: Logger, service: string, notice: Notice, now: number): void {
  const { seq, error } = notice;
  const { state, attempts: attempt, delayMs } = notice.row;
  const fields = { ...notice.fields, attempt, seq, error };
  switch (state) {
    case "parked":
      logger.error("a delivery is parked until a person retries or discards it", {
        ...fields,
        ...(seq !== undefined && { hint: whatToDo(`${service}/${seq}`) }),
      });
      return;
    case "answered":
      logger.warn("a delivery is given up on, and answered", fields);
      return;
    case "retrying": {
      const nextAttemptAt = new Date(now + delayMs).toISOString();
      const when = { ...fields, delayMs, nextAttemptAt };
      if (error instanceof PutOffError)
        logger.debug("a delivery waits for another transaction, and is tried again", when);
      else logger.warn("a delivery failed, and is tried again", when);
      return;
    }
    default:
      logger.warn("a delivery failed, and waits for an earlier one", fields);
  }
}

function whatToDo(id: string): string {
  return `odori parked retry ${id}, once its cause is gone; or odori parked discard ${id}`;
}
