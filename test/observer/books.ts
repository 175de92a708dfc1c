import { join } from "node:path";
import { choreography, event, service } from "odori";
import { sqlite } from "odori/sqlite";
import { z } from "zod";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import type { SqliteStore } from "../../src/adapters/sqlite/store.ts";
import type { Found } from "../../src/cli/data.ts";
import { sampleEntry, writes } from "../../src/conformance/samples.ts";
import { portraitOf } from "../../src/manifest/fingerprint.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage } from "../../src/observer/saga-list.ts";
import type { Writes } from "../../src/ports/bookkeeping.ts";
import type { StoreInspection } from "../../src/ports/inspection.ts";
import type { JournalEntry } from "../../src/ports/journal.ts";
import type { FeedPage, JournalSource } from "../../src/ports/source.ts";
import { temporaryFolder } from "../support/scope.ts";

const payload = z.object({ orderId: z.string() });
export const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);
const shipped = event("order.shipped.v1", payload);
export const expired = event("order.expired.v1", payload);
export const order = service("order")
  .begins(placed)
  .on(charged, { emits: [shipped], handle: ({ data }) => shipped(data) });
export const patient = order.deadline(placed, {
  after: "15m",
  unless: [charged],
  emits: [expired],
});
const payment = service("payment").on(placed, {
  emits: [charged],
  handle: ({ data }) => charged(data),
});
export const shop = choreography("shop", {
  ...{ services: [order, payment], begins: [placed], succeeds: [shipped], fails: [] },
});

export const ALIVE_MS = 3_600_000;
export const SAGA = "order-1";

/** How an observer sees them. */
interface Seen {
  readonly projection?: Projection;
  readonly told?: (page: FeedPage) => FeedPage;
  readonly pageRows?: number;
  readonly now?: () => number;
  /** A service whose feed is read row by row. */
  readonly slow?: string;
}

const asItIs = (page: FeedPage) => page;

/** The databases of two services, into which a test writes what their runtimes would. */
export class Books implements AsyncDisposable {
  readonly projection: Projection;
  /** The sagas that observers have read from the services, in turn. */
  readonly read: string[] = [];
  readonly #folder = temporaryFolder("observer-told");
  readonly #stores: { readonly order: SqliteStore; readonly payment: SqliteStore };
  readonly #sources: JournalSource[] = [];

  private constructor(limits?: ConstructorParameters<typeof Projection>[1]) {
    this.projection = new Projection(":memory:", limits);
    const file = (name: string) => sqlite(this.path(name));
    this.#stores = { order: file("order"), payment: file("payment") };
  }

  /** `clockMs` says by how much the clock is off that what is written bears. */
  static async open(
    ordering: typeof order | typeof patient = order,
    limits?: ConstructorParameters<typeof Projection>[1],
    clockMs = 0,
  ): Promise<Books> {
    const books = new Books(limits);
    for (const one of [payment, ordering]) {
      const store = books.#stores[one === payment ? "payment" : "order"];
      const now = () => Date.now() + clockMs;
      await store.open({ service: one.name, owner: "p", leaseMs: ALIVE_MS, now });
      await store.declarations.put(portraitOf(one));
    }
    return books;
  }

  /** The file of a service. */
  path(name: string): string {
    return join(this.#folder.path, `${name}.db`);
  }

  /** Another observer of the same projection, if not of another one. */
  observer({ projection = this.projection, told = asItIs, slow, ...seen }: Seen = {}) {
    const sources = ["order", "payment"].map((name): JournalSource => {
      const source = new SqliteSource(this.path(name));
      this.#sources.push(source);
      const histories = (ids: readonly string[]) => {
        if (projection === this.projection && name === "order") this.read.push(...ids);
        return source.inspect.histories(ids);
      };
      return {
        inspect: reading(source.inspect, histories),
        about: () => source.about(),
        outbox: (limit) => source.outbox(limit),
        close: () => source.close(),
        feed: async (after, limit) => told(await source.feed(after, name === slow ? 1 : limit)),
      };
    });
    return new Observer({ sources, projection, ends: manifestOf(shop), ...seen });
  }

  /** The databases as a command finds them. `behind` is called behind each reading of sagas. */
  found(behind: (service: string) => Promise<void>): readonly Found[] {
    return Object.entries(this.#stores).map(([service, store]) => {
      const histories = async (ids: readonly string[]) => {
        const read = await store.inspect.histories(ids);
        await behind(service);
        return read;
      };
      return {
        service,
        store: {
          ...{ declarations: store.declarations, census: store.census.bind(store) },
          ...{ close: () => store.close(), inspect: reading(store.inspect, histories) },
        },
      };
    });
  }

  /** Gives up a delivery of payment that is parked, as a person does. */
  async discard(sagaId: string): Promise<void> {
    const { inspect } = this.#stores.payment;
    const parked = await inspect.deferred(["parked"], 100);
    for (const one of parked) if (one.sagaId === sagaId) await inspect.discard(one.seq, "a test");
  }

  /** Has a delivery of payment that is parked tried again, as a person does. */
  async retry(sagaId: string): Promise<void> {
    const { inspect } = this.#stores.payment;
    const parked = await inspect.deferred(["parked"], 100);
    for (const one of parked) if (one.sagaId === sagaId) await inspect.retry(one.seq);
  }

  /** Finishes a delivery of payment that was put off. */
  async finish(sagaId: string): Promise<void> {
    const held = await this.#stores.payment.inspect.deferred(["retrying"], 100);
    const settle = held.flatMap((one) => (one.sagaId === sagaId ? one.seq : []));
    await this.write("payment", { amend: [{ ...paid, sagaId }], settle });
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
    await this.observer({ projection, told: withoutFacts }).catchUp();
    const rows = projection.dump();
    projection.close();
    return rows;
  }

  verdict(): string | undefined {
    return this.verdictOf(SAGA);
  }

  verdictOf(sagaId: string): string | undefined {
    const { sagas } = sagaPage(this.projection.sql, { limit: 100 });
    return sagas.find(({ id }) => id === sagaId)?.verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources) await source.close();
    for (const store of Object.values(this.#stores)) await store.close();
    this.projection.close();
    this.#folder[Symbol.dispose]();
  }
}

/** Reads sagas in another way. */
function reading<T extends StoreInspection>(own: T, histories: T["histories"]): T {
  return new Proxy(own, {
    get(inspect, key) {
      const value: unknown = Reflect.get(inspect, key);
      if (key === "histories") return histories;
      return typeof value === "function" ? value.bind(inspect) : value;
    },
  });
}

/** A feed that tells of rows alone, as services of an earlier version do. */
export function withoutFacts(page: FeedPage): FeedPage {
  return { ...page, rows: page.rows.map(({ saga: _, ...record }) => record) };
}

const entry = (id: string, change: Partial<JournalEntry>) =>
  sampleEntry(id, { sagaId: SAGA, ...change });
export const begun = entry("e-1", {
  ...{ reaction: "begin", type: placed.type, disposition: "begun" },
  emitted: [{ id: "e-1", type: placed.type }],
});
export const paid = entry("e-1", {
  ...{ reaction: "order.placed", type: placed.type, effect: "payment.charged" },
  emitted: [{ id: "e-2", type: charged.type }],
});
export const sent = entry("e-2", {
  ...{ reaction: "payment.charged", source: "/payment", type: charged.type },
  ...{ effect: "order.shipped", emitted: [{ id: "e-3", type: shipped.type }] },
});

/** Its cause is known to no feed: that alone does not say that more was told before. */
export const fromOutside = entry("e-9", {
  ...{ reaction: "order.placed", source: "/bank", type: placed.type, disposition: "suppressed" },
});
