import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type App, type Bus, type EventEnvelope, jsonLogger, OdoriError, type StoreInspection, start } from "odori";
import { memoryBus } from "odori/memory";
import { type TraceStep, traceOf } from "odori/observe";
import { type Sql, sqlite } from "odori/sqlite";
import choreography from "./choreography.ts";
import { orderPlaced } from "./contracts.ts";
import { inventory } from "./inventory.ts";
import { order } from "./order.ts";
import type { Order } from "./orders.ts";
import { payment } from "./payment.ts";
import { shipping } from "./shipping.ts";

interface RunningService {
  readonly name: string;
  readonly inspect: StoreInspection;
  stop(): Promise<void>;
}

/** Orders under way at once: enough to fill batches. */
const OPEN_MAX = 1_000;
/** Without progress for so long, something is wrong. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** The four services in this process, each with a database file of its own, and the in-process bus between them. */
export class Shop {
  readonly #bus: Bus;
  readonly #order: App<Sql, typeof orderPlaced>;
  readonly #services: readonly RunningService[];
  readonly #orders: DatabaseSync;
  #first: EventEnvelope | undefined;

  private constructor(folder: string, bus: Bus, begins: App<Sql, typeof orderPlaced>, others: readonly RunningService[]) {
    this.#bus = bus;
    this.#order = begins;
    this.#services = [begins, ...others];
    this.#orders = new DatabaseSync(join(folder, "order.db"), { readOnly: true });
  }

  static async open(folder: string, duplicates: boolean): Promise<Shop> {
    mkdirSync(folder, { recursive: true });
    const bus = duplicates ? twice(memoryBus(choreography.services)) : memoryBus(choreography.services);
    const on = (name: string) => ({ store: sqlite(join(folder, `${name}.db`)), bus, logger: jsonLogger("warn") });
    const [begins, ...others] = await Promise.all([
      start(order, on("order")),
      start(payment, on("payment")),
      start(inventory, on("inventory")),
      start(shipping, on("shipping")),
    ]);
    return new Shop(folder, bus, begins, others);
  }

  /** Orders ever placed. */
  placed(): number {
    return Number(this.#orders.prepare("SELECT count(*) AS orders FROM orders").get()?.orders);
  }

  /** Orders that have not come to an end, oldest first. */
  open(): readonly string[] {
    return this.#orders
      .prepare("SELECT order_id FROM orders WHERE state = 'placed' ORDER BY order_id")
      .all()
      .map((row) => String(row.order_id));
  }

  state(orderId: string): string {
    return String(this.#orders.prepare("SELECT state FROM orders WHERE order_id = ?").get(orderId)?.state);
  }

  /** Places orders, no more than `OPEN_MAX` of them under way, and waits until all have ended. `progress` hears how many are still open. */
  async run(orders: readonly Order[], signal: AbortSignal, progress: (placed: number, open: number) => void): Promise<void> {
    for (let from = 0; from < orders.length && !signal.aborted; from += OPEN_MAX / 2) {
      await this.#untilOpen(OPEN_MAX / 2, signal, (open) => progress(from, open));
      await Promise.all(orders.slice(from, from + OPEN_MAX / 2).map((one) => this.#place(one)));
    }
    await this.#untilOpen(0, signal, (open) => progress(orders.length, open));
  }

  /** Delivers the event of the first order of this run once more, as a bus may at any time; undefined where none was placed. */
  async redeliver(): Promise<{ readonly orderId: string; readonly changed: boolean } | undefined> {
    if (this.#first === undefined) return undefined;
    const { sagaId: orderId } = this.#first;
    const before = JSON.stringify(await this.trace(orderId));
    await this.#bus.publish([this.#first]);
    return { orderId, changed: JSON.stringify(await this.trace(orderId)) !== before };
  }

  async trace(orderId: string): Promise<readonly TraceStep[]> {
    const journals = this.#services.map(async ({ name, inspect }) => ({ service: name, records: await inspect.journal(orderId) }));
    return traceOf(await Promise.all(journals));
  }

  async stop(): Promise<void> {
    this.#orders.close();
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.#bus.close();
  }

  async #place({ orderId, amountCents, ...goods }: Order): Promise<void> {
    const { event } = await this.#order.begin(orderId, (tx) => {
      tx.run("INSERT INTO orders (order_id, amount_cents, state) VALUES (?, ?, 'placed')", orderId, amountCents);
      return orderPlaced({ orderId, amountCents, ...goods });
    });
    this.#first ??= event;
  }

  async #untilOpen(most: number, signal: AbortSignal, look: (open: number) => void): Promise<void> {
    let last = { open: Number.POSITIVE_INFINITY, at: performance.now() };
    for (;;) {
      const open = this.open().length;
      look(open);
      if (open <= most || signal.aborted) return;
      if (open !== last.open) last = { open, at: performance.now() };
      if (performance.now() - last.at > PATIENCE_MS) throw await this.#stuck(open);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #stuck(open: number): Promise<OdoriError> {
    const parked = await Promise.all(this.#services.map(({ inspect }) => inspect.deferred(["parked"], 1)));
    const problem = parked.flat()[0]?.problem?.message;
    return new OdoriError("PERMANENT", `${open} orders make no progress${problem === undefined ? "" : `: ${problem}`}.`, {
      mend: "Look with `odori parked list` and `odori trace` what they wait for.",
    });
  }
}

/** A bus that delivers everything twice, as any bus may. */
function twice(bus: Bus): Bus {
  return {
    guarantees: bus.guarantees,
    publish: (events) => bus.publish([...events, ...events]),
    subscribe: (options, deliver) => bus.subscribe(options, deliver),
    close: () => bus.close(),
  };
}
