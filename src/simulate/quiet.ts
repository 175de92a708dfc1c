import { nextTick } from "node:process";

/**
 * Resolves once nothing happens any more unless the run goes on. Promise callbacks run to their end
 * before a tick; there are two, since a lane looks once more for work after it has handled some.
 */
export function quiet(): Promise<void> {
  return new Promise((resolve) => nextTick(() => nextTick(resolve)));
}
