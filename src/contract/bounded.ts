import { Script } from "node:vm";
import { codeOf } from "./errors.ts";

const CALL = new Script("work()");

/**
 * Runs synchronous work for at most `milliseconds`, and returns what it returns; undefined where
 * the time is over. A regular expression, or generated code, is stopped too. The work must own what
 * it changes: it is stopped anywhere, and its `finally` does not run.
 */
export function withinTime<T>(milliseconds: number, work: () => T): { value: T } | undefined {
  const result: { value: T }[] = [];
  try {
    CALL.runInNewContext(
      { work: () => void result.push({ value: work() }) },
      {
        timeout: Math.max(1, Math.ceil(milliseconds)),
      },
    );
  } catch (error) {
    if (codeOf(error) !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
  }
  return result[0];
}
