import assert from "node:assert/strict";
import { join } from "node:path";
import { choreography, event, service } from "odori";
import type { Runner } from "odori/conformance";
import { sqlite } from "odori/sqlite";
import { z } from "zod";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import type { SqliteStore } from "../../src/adapters/sqlite/store.ts";
import { sampleDeferred, sampleEntry, writes } from "../../src/conformance/samples.ts";
import { portraitOf } from "../../src/manifest/fingerprint.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage } from "../../src/observer/saga-list.ts";
import type { Writes } from "../../src/ports/bookkeeping.ts";
import type { JournalEntry } from "../../src/ports/journal.ts";
import type { FeedPage, JournalSource } from "../../src/ports/source.ts";
import { temporaryFolder } from "../support/scope.ts";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);
const shipped = event("order.shipped.v1", payload);
const expired = event("order.expired.v1", payload);
const order = service("order")
  .begins(placed)
  .on(charged, { emits: [shipped], handle: ({ data }) => shipped(data) });
const patient = order.deadline(placed, { after: "15m", unless: [charged], emits: [expired] });
const payment = service("payment").on(placed, {
  emits: [charged],
  handle: ({ data }) => charged(data),
});
const shop = choreography("shop", {
  ...{ services: [order, payment], begins: [placed], succeeds: [shipped], fails: [] },
});

const ALIVE_MS = 3_600_000;
const SAGA = "order-1";

/** The databases of two services, into which a test writes what their runtimes would. */
class Books implements AsyncDisposable {
  readonly projection: Projection;
  /** The sagas that observers have read from the services, in turn. */
  readonly read: string[] = [];
  readonly #folder = temporaryFolder("observer-told");
  readonly #stores: { readonly order: SqliteStore; readonly payment: SqliteStore };
  readonly #sources: JournalSource[] = [];

  private constructor(limits?: ConstructorParameters<typeof Projection>[1]) {
    this.projection = new Projection(":memory:", limits);
    const file = (name: string) => sqlite(join(this.#folder.path, `${name}.db`));
    this.#stores = { order: file("order"), payment: file("payment") };
  }

  static async open(
    ordering: typeof order | typeof patient = order,
    limits?: ConstructorParameters<typeof Projection>[1],
  ): Promise<Books> {
    const books = new Books(limits);
    for (const one of [payment, ordering]) {
      const store = books.#stores[one === payment ? "payment" : "order"];
      await store.open({ service: one.name, owner: "p", leaseMs: ALIVE_MS, now: Date.now });
      await store.declarations.put(portraitOf(one));
    }
    return books;
  }

  /** Another observer of the same projection; each of its rounds reads all that there is. */
  observer(projection = this.projection, told = (page: FeedPage) => page): Observer {
    const sources = ["order", "payment"].map((name): JournalSource => {
      const source = new SqliteSource(join(this.#folder.path, `${name}.db`));
      this.#sources.push(source);
      const histories = (ids: readonly string[]) => {
        if (projection === this.projection && name === "order") this.read.push(...ids);
        return source.inspect.histories(ids);
      };
      return {
        inspect: new Proxy(source.inspect, {
          get: (inspect, key) => {
            const value: unknown = Reflect.get(inspect, key);
            if (key === "histories") return histories;
            return typeof value === "function" ? value.bind(inspect) : value;
          },
        }),
        about: () => source.about(),
        outbox: (limit) => source.outbox(limit),
        close: () => source.close(),
        feed: async (after, limit) => told(await source.feed(after, limit)),
      };
    });
    return new Observer({ sources, projection, ends: manifestOf(shop) });
  }

  async write(at: "order" | "payment", change: Partial<Writes>): Promise<void> {
    await this.#stores[at].transaction((tx) => tx.write(writes(change)));
  }

  begin(): Promise<void> {
    return this.write("order", { journal: [begun] });
  }

  pay(): Promise<void> {
    return this.write("payment", { journal: [paid] });
  }

  ship(): Promise<void> {
    return this.write("order", { journal: [sent] });
  }

  /** The rows of a projection whose observer reads each saga from the services. */
  async whole() {
    const projection = new Projection(":memory:");
    await this.observer(projection, withoutFacts).catchUp();
    const rows = projection.dump();
    projection.close();
    return rows;
  }

  verdict(): string | undefined {
    return sagaPage(this.projection.sql, { limit: 1 }).sagas[0]?.verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources) await source.close();
    for (const store of Object.values(this.#stores)) await store.close();
    this.projection.close();
    this.#folder[Symbol.dispose]();
  }
}

/** A feed that tells of rows alone, as services of an earlier version do. */
function withoutFacts(page: FeedPage): FeedPage {
  return { ...page, rows: page.rows.map(({ saga: _, ...record }) => record) };
}

const entry = (id: string, change: Partial<JournalEntry>) =>
  sampleEntry(id, { sagaId: SAGA, ...change });
const begun = entry("e-1", {
  ...{ reaction: "begin", type: placed.type, disposition: "begun" },
  emitted: [{ id: "e-1", type: placed.type }],
});
const paid = entry("e-1", {
  ...{ reaction: "order.placed", type: placed.type, effect: "payment.charged" },
  emitted: [{ id: "e-2", type: charged.type }],
});
const sent = entry("e-2", {
  ...{ reaction: "payment.charged", source: "/payment", type: charged.type },
  ...{ effect: "order.shipped", emitted: [{ id: "e-3", type: shipped.type }] },
});
/** Its cause is known to no feed: that alone does not say that more was told before. */
const fromOutside = entry("e-9", {
  ...{ reaction: "order.placed", source: "/bank", type: placed.type, disposition: "suppressed" },
});

/** A saga is judged as a whole, whether its feeds have told all of it or it has to be read. */
export function toldCases({ describe, it }: Runner): void {
  describe("an observer of sagas that are told by their feeds", () => {
    it("reads none of them, in one round or in several", async () => {
      await using books = await Books.open();
      const observer = books.observer();
      await books.begin();
      await observer.readFeeds();
      assert.equal(books.verdict(), "running");
      await books.pay();
      await observer.readFeeds();
      await books.ship();
      await observer.readFeeds();
      assert.equal(books.verdict(), "succeeded");
      assert.deepEqual(books.read, []);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those of which rows were told to an earlier process", async () => {
      await using books = await Books.open();
      await books.begin();
      await books.observer().readFeeds();
      await books.write("payment", { journal: [fromOutside] });
      const later = books.observer();
      await later.readFeeds();
      assert.deepEqual(books.read, [SAGA]);
      await books.pay();
      await later.readFeeds();
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those of which another process has read on in the meantime", async () => {
      await using books = await Books.open();
      const [first, second] = [books.observer(), books.observer()];
      await books.begin();
      await first.readFeeds();
      await books.pay();
      await second.readFeeds();
      await books.write("payment", { journal: [fromOutside] });
      await first.readFeeds();
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those with a delivery that was put off, until it has come to its end", async () => {
      await using books = await Books.open();
      const observer = books.observer();
      await books.begin();
      const parked = { ...paid, disposition: "parked", emitted: [], effect: undefined } as const;
      const { reaction, source, id, type } = paid;
      const put = { reaction, source, type, sagaId: SAGA, state: "parked" } as const;
      await books.write("payment", { journal: [parked], defer: [sampleDeferred(id, put)] });
      await observer.readFeeds();
      assert.equal(books.verdict(), "parked");
      await books.write("payment", { amend: [{ ...paid, attempt: 2 }] });
      await books.ship();
      await observer.readFeeds();
      assert.ok(books.read.length > 0);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those in which a deadline may be armed", async () => {
      await using books = await Books.open(patient);
      const armed = sampleDeferred("e-1", {
        ...{ reaction: "deadline order.expired", type: placed.type, sagaId: SAGA },
        ...{ state: "armed", delayMs: 900_000, problem: undefined },
      });
      await books.write("order", { journal: [begun], defer: [armed] });
      await books.observer().readFeeds();
      assert.deepEqual(books.read, [SAGA]);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those that it has forgotten", async () => {
      await using books = await Books.open(order, { forMs: 1, most: 0 });
      const observer = books.observer();
      for (const write of [books.begin, books.pay, books.ship]) await write.call(books);
      await observer.readFeeds();
      books.projection.forget(Date.now() + ALIVE_MS);
      assert.equal(books.projection.forgotten, 1);
      // As after a restart: nothing of it is kept.
      const later = books.observer();
      await books.write("payment", { journal: [fromOutside] });
      await later.readFeeds();
      assert.deepEqual(books.read, [SAGA]);
      const [saga] = sagaPage(books.projection.sql, { limit: 1 }).sagas;
      assert.equal(saga?.steps, 4);
    });

    it("reads those of which the store does not tell what they are", async () => {
      await using books = await Books.open();
      await books.begin();
      const observer = books.observer(books.projection, withoutFacts);
      await observer.readFeeds();
      await books.pay();
      await observer.readFeeds();
      assert.deepEqual(books.read, [SAGA, SAGA]);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });
  });
}
