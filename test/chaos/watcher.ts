import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Databases } from "../../examples/order/database.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage } from "../../src/observer/saga-list.ts";
import { SERVICES } from "./fleet.ts";
import { type DataPlace, observerOf, sourcesAt } from "./observed.ts";

const CHILD = fileURLToPath(new URL("observer-child.ts", import.meta.url));
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const KILL_EVERY_MS = 2_000;
/** By state of the order. One that has not come to its end in time is the oracle's to report. */
const VERDICTS: Readonly<Record<string, readonly string[]>> = {
  completed: ["succeeded"],
  cancelled: ["undone"],
  placed: ["running", "retrying", "late", "waiting", "parked"],
};
const SHOWN_MAX = 10;

/** An observer of the services in a process of its own, which is killed again and again. */
export class Watcher {
  readonly #file: string;
  /** Past what disturbs the services: for the last look. */
  readonly #calm: DataPlace;
  readonly #place: DataPlace;
  readonly #alarms = new Set<string>();
  #child: ChildProcess | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  kills = 0;
  /** Rounds that had something new. */
  rounds = 0;

  constructor(file: string, place: DataPlace, calm: DataPlace) {
    this.#file = file;
    this.#place = place;
    this.#calm = calm;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill("SIGKILL");
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const child = spawn(
        process.execPath,
        [...FLAGS, CHILD, this.#file, JSON.stringify(this.#place)],
        {
          stdio: [
            ...(["ignore", "pipe"] as const),
            process.env.CHAOS_LOG === undefined ? "ignore" : "inherit",
            "ipc",
          ],
        },
      );
      this.#child = child;
      const closed = once(child, "close");
      // The timer is the fault. It begins when the process works: a slow machine kills later.
      let timer: NodeJS.Timeout | undefined;
      if (child.stdout === null) throw new Error("the observer has no output");
      for await (const line of createInterface({ input: child.stdout })) {
        const alarms: readonly string[] = JSON.parse(line);
        for (const alarm of alarms) this.#alarms.add(`observer, while it ran: ${alarm}`);
        this.rounds++;
        timer ??= setTimeout(() => {
          this.kills++;
          child.kill("SIGKILL");
        }, KILL_EVERY_MS);
      }
      clearTimeout(timer);
      await closed;
    }
  }

  /** What the observer has said wrongly, and says wrongly now that everything is at rest. */
  async judge(databases: Databases): Promise<readonly string[]> {
    const kept = await this.#caughtUp(this.#file);
    const again = await this.#caughtUp(":memory:");
    try {
      const orders = await databases.read("order", "SELECT order_id, state FROM orders");
      const { sagas } = sagaPage(kept.sql, { limit: orders.length + 1 });
      const seen = new Map(sagas.map(({ id, verdict }) => [id, String(verdict)]));
      const wrong = orders.flatMap(({ order_id, state }) => {
        const verdict = seen.get(String(order_id)) ?? "not known";
        seen.delete(String(order_id));
        if (VERDICTS[String(state)]?.includes(verdict)) return [];
        return [`observer: ${order_id} is ${state}, and is called ${verdict}`];
      });
      const missing = kept.accounts(Date.now()).filter((line) => unexplained(line) !== 0);
      const isSame = JSON.stringify(kept.dump()) === JSON.stringify(again.dump());
      return [
        ...[...this.#alarms].slice(0, SHOWN_MAX),
        ...wrong.slice(0, SHOWN_MAX),
        ...[...seen.keys()].slice(0, SHOWN_MAX).map((id) => `observer: ${id} is not an order`),
        ...missing.map((line) => `observer: not accounted for: ${JSON.stringify(line)}`),
        ...(isSame ? [] : ["observer: built again, the projection has other rows"]),
      ];
    } finally {
      kept.close();
      again.close();
    }
  }

  async #caughtUp(file: string): Promise<Projection> {
    const projection = new Projection(file);
    const sources = sourcesAt(this.#calm, SERVICES);
    await observerOf(sources, projection).catchUp();
    await Promise.all(sources.map((source) => source.close()));
    return projection;
  }
}
