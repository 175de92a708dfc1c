import { nextTick } from "node:process";

/** Resolves once no promise callback waits to run. */
const drained = (): Promise<void> => new Promise((resolve) => nextTick(resolve));

/**
 * Resolves once nothing happens any more unless the run goes on: a lane looks once more for work
 * after it has handled some.
 */
export async function quiet(): Promise<void> {
  await drained();
  await drained();
}
