import { join } from "node:path";
import { type StartOptions, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import type { JournalSource } from "../../src/ports/source.ts";
import { opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const LIMIT = { timeout: 300_000 };
const SAGA = "s-early";
const LINE = {
  ...{ stem: "order.opened", service: "payment", reaction: "order.opened" },
  ...{ discarded: 0, early: 0 },
};
const deaf = () => service<unknown>("payment").begins(opened);

/** The database of a service whose reaction came after the event of its saga. */
class LateComer implements AsyncDisposable {
  readonly #open = new AsyncDisposableStack();
  readonly #path: string;
  #id = "";

  private constructor() {
    this.#path = join(this.#open.use(temporaryFolder("again")).path, "payment.db");
  }

  /** Begins the saga where nothing hears of it yet. */
  static async begun(): Promise<LateComer> {
    const place = new LateComer();
    await place.#run(deaf(), async (app) => {
      const { event } = await app.begin(SAGA, () => opened({ orderId: "done" }));
      place.#id = event?.id ?? "";
    });
    return place;
  }

  /** Runs the version that hears the event. What is published again has its own order id. */
  async hears(orderId?: string): Promise<void> {
    await this.#run(shop, async (app) => {
      if (orderId === undefined) return;
      const event = envelope(opened, SAGA, { orderId }, { id: this.#id });
      await app.inspect.republish({ ...event, source: "/payment" });
      await eventually(
        "it is heard",
        async () => {
          const rows = await app.inspect.journal(SAGA);
          return rows.map(({ disposition }) => disposition).filter((one) => one !== "begun").length;
        },
        1,
      );
    });
  }

  /** Lets a person have the parked delivery done with. */
  async discards(): Promise<void> {
    const source = sqliteSource(this.#path);
    const [parked] = await source.inspect.deferred(["parked"], 1);
    await source.inspect.discard(parked?.seq ?? 0, "by hand");
    await source.close();
  }

  /** Reads on, in pages of one row, and compares with a projection that is built from nothing. */
  async accounts(kept: Projection, pageRows = 1) {
    await this.#read(kept, pageRows);
    const whole = new Projection(":memory:");
    await this.#read(whole, 1_000);
    expect(kept.dump()).toEqual(whole.dump());
    whole.close();
    return kept.accounts(Date.now() + 86_400_000).map((line) => {
      expect(unexplained(line)).toBe(0);
      return line;
    });
  }

  async #read(projection: Projection, pageRows: number): Promise<void> {
    const source: JournalSource = sqliteSource(this.#path);
    await new Observer({ sources: [source], projection, pageRows }).catchUp();
    await source.close();
  }

  async #run(version: typeof shop, work: (app: Running) => Promise<void>): Promise<void> {
    await using bus = closing(memoryBus(["payment"]));
    await using app = stopping(await running(version, { store: sqlite(this.#path), bus }));
    await work(app);
    await eventually("it is published", async () => (await app.inspect.counts()).outbox, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
  }
}

const running = (version: typeof shop, options: Pick<StartOptions<unknown>, "store" | "bus">) =>
  start(version, { ...options, logger: silent, pollMs: 5 });
type Running = Awaited<ReturnType<typeof running>>;

describe("an event that was published again for a reaction that came later", LIMIT, () => {
  it("is accounted for once it is handled, and not before it came", async () => {
    await using place = await LateComer.begun();
    await place.hears();
    using kept = projected();
    expect(await place.accounts(kept)).toEqual([]);
    await place.hears("done");
    const line = { ...LINE, emitted: 1, handled: 1, putOff: 0, onItsWay: 0 };
    expect(await place.accounts(kept)).toEqual([line]);
    expect(Object.fromEntries(kept.counts())).toEqual({ rest: 1 });
  });

  it("is accounted for while it is parked, and when it is discarded", async () => {
    await using place = await LateComer.begun();
    await place.hears("wrong");
    using kept = projected();
    const parked = { ...LINE, emitted: 1, handled: 0, putOff: 1, onItsWay: 0 };
    expect(await place.accounts(kept)).toEqual([parked]);
    await place.discards();
    const done = { ...LINE, emitted: 1, handled: 0, discarded: 1, putOff: 0, onItsWay: 0 };
    expect(await place.accounts(kept)).toEqual([done]);
  });
});

function projected(): Projection & Disposable {
  const projection = new Projection(":memory:");
  return Object.assign(projection, { [Symbol.dispose]: () => projection.close() });
}
