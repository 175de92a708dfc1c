import type { Environment } from "../ports/environment.ts";

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
