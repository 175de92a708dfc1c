import { running } from "./actor.ts";

type Listener = (reason: unknown, promise: Promise<unknown>) => void;

/** Simulations under way: the listeners are those of the whole process. */
let watching = 0;
/** The listeners that were there before, for what no handler has left behind. */
let others: readonly Listener[] = [];

/** A rejection belongs to the handler that has made the promise. */
function heard(reason: unknown, promise: Promise<unknown>): void {
  const actor = running.getStore();
  if (actor !== undefined) {
    actor.rejected(reason);
    return;
  }
  // As Node does without a listener.
  if (others.length === 0) throw reason;
  for (const listener of others) listener(reason, promise);
}

/**
 * Hears of rejections that no code handles. Those of handlers are findings: in production such a
 * rejection ends the process. A test runner would only list them, without the run.
 */
export class Rejections implements Disposable {
  constructor() {
    if (watching++ > 0) return;
    others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", heard);
  }

  [Symbol.dispose](): void {
    if (--watching > 0) return;
    process.off("unhandledRejection", heard);
    for (const listener of others) process.on("unhandledRejection", listener);
    others = [];
  }
}
