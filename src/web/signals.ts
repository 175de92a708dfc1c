import { constants } from "node:os";
import { messageOf } from "../contract/errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Calls `stop` at the first SIGINT or SIGTERM, after which the process ends by itself once nothing
 * is left to do. A second signal ends it at once. If `stop` rejects, the exit status is 1. Returns
 * a function that stops listening.
 *
 * @example
 * ```ts
 * import { stopOnSignals } from "odori/web";
 * import { app } from "./app.ts";
 *
 * stopOnSignals(async () => {
 *   await app.stop();
 * });
 * ```
 */
export function stopOnSignals(stop: () => Promise<unknown>): () => void {
  let isStopping = false;
  const onSignal = (signal: (typeof SIGNALS)[number]) => {
    if (isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
    const stopping = async () => stop();
    stopping()
      .catch((error: unknown) => {
        process.exitCode = 1;
        process.stderr.write(`Stopping failed: ${messageOf(error)}\n`);
      })
      .finally(release);
  };
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return release;
}
