/** Thrown in a process that dies. Nothing of the process outside of a transaction sees it. */
class Crash extends Error {
  override readonly name = "Crash";
}

/** One for all: to make a stack trace each time is slow. */
export const CRASH: Error = new Crash("the simulated process has died");

/** A promise that never settles. */
export function never(): Promise<never> {
  return new Promise(() => {});
}
