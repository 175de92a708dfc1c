import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { Mutex } from "../adapter/mutex.ts";
import { OdoriError } from "../contract/errors.ts";
import type { MapLayout } from "../draw/layout.ts";
import type { LayoutOrder } from "./layout-thread.ts";

/** The program stands beside this file, and is compiled if this file is. */
const PROGRAM = new URL(`layout-thread${extname(import.meta.url)}`, import.meta.url);
const LIMIT_MS = 60_000;

/**
 * Lays maps out beside the work of the console, one after the other: with the way back of 200
 * services Graphviz takes seconds, and does not let the event loop turn.
 */
export class MapLayouts {
  readonly #turn = new Mutex();
  #thread: Worker | undefined;
  #closed = false;

  /** Throws `PICTURE_TOO_LARGE` for too many arrows, and where it takes more than a minute. */
  of(order: LayoutOrder): Promise<MapLayout> {
    return this.#turn.run(() => this.#lay(order));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.terminate();
  }

  async #lay(workerData: LayoutOrder): Promise<MapLayout> {
    if (this.#closed) throw tooLarge("The console is closed.");
    const thread = new Worker(PROGRAM, { workerData });
    this.#thread = thread;
    thread.unref();
    let limit: NodeJS.Timeout | undefined;
    try {
      return await new Promise<MapLayout>((resolve, reject) => {
        const give = (why: string) => reject(tooLarge(why));
        thread.once("message", resolve);
        thread.once("error", reject);
        thread.once("exit", () => give("The map was not laid out."));
        limit = setTimeout(() => give("The map takes more than a minute."), LIMIT_MS);
        limit.unref();
      });
    } finally {
      clearTimeout(limit);
      void thread.terminate();
    }
  }
}

function tooLarge(message: string): OdoriError {
  return new OdoriError("PICTURE_TOO_LARGE", message, {
    hint: "Ask for one service and its neighbours.",
  });
}
