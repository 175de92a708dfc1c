import type { Environment } from "../ports/environment.ts";

/**
 * How long a commit group waits for a handler that has not used its transaction, in milliseconds:
 * it waits for another system, and goes on outside for little. What is longer than a turn of the
 * event loop would be seen in what its neighbours wait.
 */
export const UNTOUCHED_MS = 5;

/** What is waited for, and how. */
export interface HandlerLimits {
  readonly environment: Environment;
  /** How long to wait for a handler that has used its transaction, in milliseconds. */
  readonly limitMs: number;
}

/** As `endsWithin`, for a handler: one that has not used its transaction has less time. */
export function handlerEnds(
  { environment, limitMs }: HandlerLimits,
  handler: { readonly touched: boolean },
  running: Promise<unknown>,
): Promise<boolean> {
  return endsWithin(environment, UNTOUCHED_MS, running).then(
    (ended) =>
      ended || (handler.touched && endsWithin(environment, limitMs - UNTOUCHED_MS, running)),
  );
}

/**
 * Waits for `running`, at most `limitMs` milliseconds. Resolves with whether it ended in time;
 * rejects as it does. Once time is up its rejection is the caller's to watch.
 */
export function endsWithin(
  environment: Environment,
  limitMs: number,
  running: Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let cancel = environment.timer(limitMs, () => {
      // On a busy machine the reply that it waits for may have come already: read it first.
      cancel = environment.timer(0, () => resolve(false));
    });
    running.then(
      () => {
        cancel();
        resolve(true);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}
