import { nextTick } from "node:process";
// Imported, since the simulation replaces the globals.
import { setImmediate, setTimeout } from "node:timers";

/**
 * Resolves once nothing happens any more unless the run goes on. Promise callbacks run to their end
 * before a tick; there are two, since a lane looks once more for work after it has handled some.
 */
export function quiet(): Promise<void> {
  return new Promise((resolve) => nextTick(() => nextTick(resolve)));
}

/** Resolves after a turn of the event loop, `pauseMs` of real time later. */
export function loopTurned(pauseMs = 0): Promise<void> {
  return new Promise((resolve) => {
    if (pauseMs === 0) setImmediate(resolve);
    else setTimeout(resolve, pauseMs);
  });
}
