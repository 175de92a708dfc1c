import assert from "node:assert/strict";
import { join } from "node:path";
import type { Runner } from "odori/conformance";
import { sqlite } from "odori/sqlite";
import choreography from "../../examples/order/choreography.ts";
import { files } from "../../examples/order/database.ts";
import { makeOrders } from "../../examples/order/orders.ts";
import { Shop } from "../../examples/order/shop.ts";
import { Mutex } from "../../src/adapter/mutex.ts";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import { sampleEntry, writes } from "../../src/conformance/samples.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import type { JournalSource } from "../../src/ports/source.ts";
import { temporaryFolder } from "../support/scope.ts";

const SERVICES = ["order", "payment", "inventory", "shipping"];
const PAGE_ROWS = 6;
const ROUNDS = 5;

/** Orders over four services, and what observes their journals. */
export class MovingShop implements AsyncDisposable {
  readonly #folder = temporaryFolder("observer-moving");
  readonly #databases = files(this.#folder.path);
  readonly #turn = new Mutex();
  #shop: Shop | undefined;
  #placed = 0;

  /** Runs two orders more, to their end. */
  more(): Promise<void> {
    return this.#turn.run(async () => {
      const wiring = { store: "sqlite", bus: "memory", data: this.#folder.path } as const;
      this.#shop ??= await Shop.open(wiring, this.#databases, true);
      const orders = makeOrders(this.#placed + 1, 2, 0.5);
      this.#placed += orders.length;
      await this.#shop.run(orders, new AbortController().signal, () => {});
    });
  }

  /** Writes down that goods were put back, of which only payment hears. */
  async releases(sagaId: string): Promise<void> {
    const store = sqlite(join(this.#folder.path, "inventory.db"));
    await store.open({ service: "inventory", owner: "o", leaseMs: 1, now: Date.now });
    const entry = sampleEntry(`failed-${sagaId}`, {
      ...{ reaction: "undo inventory.reserved", source: "/shipping", type: "shipping.failed.v1" },
      ...{ sagaId, disposition: "undone", effect: "inventory.reserved" },
      emitted: [{ id: `released-${sagaId}`, type: "inventory.released.v1" }],
    });
    await store.transaction((tx) => tx.write(writes({ journal: [entry] })));
    await store.close();
  }

  async observed<T>(
    projection: Projection,
    wrap: (source: JournalSource, at: number) => JournalSource,
    work: (observer: Observer) => Promise<T>,
    replyMs?: number,
  ): Promise<T> {
    const own = SERVICES.map((name) => new SqliteSource(join(this.#folder.path, `${name}.db`)));
    const ends = manifestOf(choreography);
    try {
      const sources = own.map(wrap);
      const limit = replyMs === undefined ? {} : { replyMs };
      return await work(new Observer({ sources, projection, ends, pageRows: PAGE_ROWS, ...limit }));
    } finally {
      await Promise.all(own.map((source) => source.close()));
    }
  }

  /** The rows of a projection that has read all at once. */
  async whole() {
    const projection = new Projection(":memory:");
    await this.observed(projection, asItIs, (observer) => observer.catchUp());
    const rows = projection.dump();
    projection.close();
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shop?.stop();
    await this.#databases.close();
    this.#folder[Symbol.dispose]();
  }
}

const asItIs = (source: JournalSource) => source;

/** What is written while an observer reads, or while it writes, changes nothing of the account. */
export function movingCases({ describe, it }: Runner): void {
  describe("an observer of services that run", () => {
    it("accounts for every event, also of those written between two of its reads", async () => {
      await using shop = new MovingShop();
      await shop.more();
      const projection = new Projection(":memory:");
      const wrap = (source: JournalSource, at: number): JournalSource => ({
        inspect: source.inspect,
        about: () => source.about(),
        outbox: (limit) => source.outbox(limit),
        close: () => source.close(),
        feed: async (after, limit) => {
          // Every second feed is read before orders go on, the others behind them.
          if (at % 2 === 0) await shop.more();
          const page = await source.feed(after, limit);
          await shop.more();
          return page;
        },
      });
      await shop.observed(projection, wrap, async (observer) => {
        for (let round = 0; round < ROUNDS; round++) {
          await observer.readFeeds();
          const lines = projection.accounts(Date.now());
          assert.deepEqual(
            lines.filter((line) => unexplained(line) !== 0),
            [],
          );
        }
      });
      await shop.observed(projection, asItIs, (observer) => observer.catchUp());
      assert.deepEqual(projection.dump(), await shop.whole());
      projection.close();
    });

    it("goes on where it was when a commit of its projection has failed", async () => {
      await using shop = new MovingShop();
      for (let n = 0; n < 3; n++) await shop.more();
      const projection = new Projection(":memory:");
      projection.sql.run(
        `CREATE TRIGGER broken BEFORE INSERT ON saga WHEN new.id = 'order-000002'
         BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
      );
      await shop.observed(projection, asItIs, (observer) =>
        assert.rejects(observer.catchUp(), /the disk is full/),
      );
      projection.sql.run("DROP TRIGGER broken");
      await shop.observed(projection, asItIs, (observer) => observer.catchUp());
      assert.deepEqual(projection.dump(), await shop.whole());
      projection.close();
    });

    it("writes nothing of a page that another process has read before it", async () => {
      await using shop = new MovingShop();
      await shop.more();
      const projection = new Projection(":memory:");
      await shop.observed(projection, asItIs, (first) =>
        shop.observed(projection, asItIs, async (second) => {
          await Promise.all([first.readFeeds(), second.readFeeds()]);
          await Promise.all([first.catchUp(), second.catchUp()]);
        }),
      );
      assert.deepEqual(projection.dump(), await shop.whole());
      projection.close();
    });
  });
}
