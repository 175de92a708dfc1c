import { join } from "node:path";
import { type StoreInspection, start } from "odori";
import { type OdoriConsole, odoriConsole, type Permission } from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { type Served, serve } from "./serve.ts";
import { placed, shopWith, Troubles } from "./shop.ts";

const TOKEN = "a-token-that-is-long-enough";
/** No process is dead before the test is over. */
const LEASE_MS = 3_600_000;
const ALL: readonly Permission[] = ["retry", "discard", "payloads"];

/** Orders by their ids, with the note that says what becomes of each. */
export type Orders = Readonly<Record<string, "fine" | "poor" | "rare" | "jammed">>;

/** What a stage is opened with. */
export interface ShopOptions {
  /** @default retry, discard and payloads */
  readonly allow?: readonly Permission[];
  /**
   * Whether the order does not hear that its payment was declined, so that it never ends.
   * @default false
   */
  readonly deaf?: boolean;
}

/** A shop that runs, with orders in it, and a console over its databases that listens. */
export class ShopStage implements AsyncDisposable {
  readonly troubles = new Troubles();
  readonly #open = new AsyncDisposableStack();
  readonly #inspected = new Map<string, StoreInspection>();
  #console: OdoriConsole | undefined;
  #makeConsole: (allow: readonly Permission[]) => OdoriConsole = () => {
    throw new Error("The stage is not open.");
  };
  #pathOf: (name: string) => string = () => "";
  #server: Served | undefined;
  /** Places an order. */
  place: (orderId: string, note: string) => Promise<void> = async () => {};

  static async open(orders: Orders, options: ShopOptions = {}): Promise<ShopStage> {
    const stage = new ShopStage();
    await stage.#begin(orders, options);
    return stage;
  }

  async #begin(orders: Orders, { allow = ALL, deaf = false }: ShopOptions): Promise<void> {
    const folder = this.#open.use(temporaryFolder("page"));
    const { services, declared } = shopWith(this.troubles, deaf);
    const names = services.map(({ name }) => name);
    const pathOf = (name: string) => join(folder.path, `${name}.db`);
    this.#pathOf = pathOf;
    const bus = this.#open.adopt(memoryBus(names), (one) => one.close());
    const optionsOf = (name: string) => ({
      ...{ store: sqlite(pathOf(name)), bus, logger: silent, pollMs: 20 },
    });
    const [order, ...others] = services;
    const first = await start(order, optionsOf(order.name));
    this.#open.defer(() => first.stop());
    this.#inspected.set(order.name, first.inspect);
    for (const one of others) {
      const app = await start(one, optionsOf(one.name));
      this.#open.defer(() => app.stop());
      this.#inspected.set(one.name, app.inspect);
    }
    this.place = async (orderId, note) => {
      await first.begin(orderId, () => placed({ orderId, note }));
    };
    for (const [orderId, note] of Object.entries(orders)) await this.place(orderId, note);
    const jammed = Object.values(orders).filter((note) => note === "jammed").length;
    await eventually("the orders are at rest", () => this.#rest(), `${jammed} parked`);
    this.#makeConsole = (allowed) =>
      odoriConsole({
        sources: names.map((name) => sqliteSource(pathOf(name))),
        choreography: declared,
        token: TOKEN,
        allow: allowed,
      });
    this.#console = this.#makeConsole(allow);
    this.#open.defer(() => this.#console?.close());
    this.#server = await serve(this.#console);
    this.#open.defer(() => this.hangUp());
  }

  /** The address as the console prints it, with its token. */
  url(query = ""): string {
    return `http://127.0.0.1:${this.#server?.port}/${query}#token=${TOKEN}`;
  }

  /** The console cannot be reached any more; the browser stays. */
  async hangUp(): Promise<void> {
    await this.#server?.close();
  }

  /** It can be reached again, under its old address. */
  async comeBack(): Promise<void> {
    if (this.#console !== undefined) this.#server = await serve(this.#console, this.#server?.port);
  }

  /** Another process of it takes its place: what the first one knew of sessions is gone. */
  async restart(allow: readonly Permission[]): Promise<void> {
    await this.hangUp();
    await this.#console?.close();
    this.#console = this.#makeConsole(allow);
    await this.comeBack();
  }

  /** Tells for a service, as one of its processes would, that its bus is lost. */
  async loseBus(name: string, place: string): Promise<void> {
    const store = sqlite(this.#pathOf(name));
    this.#open.defer(() => store.close());
    await store.open({ service: name, owner: "lost", leaseMs: LEASE_MS, now: Date.now });
    await store.putBusFault({ code: "BUS_UNAVAILABLE", place, sinceMs: 5_000 });
  }

  /** Discards what is parked of a saga, as a person would on the command line. */
  async discard(sagaId: string): Promise<void> {
    const stock = this.#inspected.get("stock");
    const kept = (await stock?.deferred(["parked"], 100)) ?? [];
    for (const one of kept.filter((row) => row.sagaId === sagaId))
      await stock?.discard(one.seq, "a test");
  }

  async #rest(): Promise<string> {
    let parked = 0;
    for (const inspect of this.#inspected.values()) {
      const { outbox, deferred } = await inspect.counts();
      if (outbox > 0) return `${outbox} in an outbox`;
      parked += deferred.parked ?? 0;
    }
    return `${parked} parked`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
  }
}
