import { describe, expect, it } from "vitest";
import { unexplained } from "../../src/observer/ledger.ts";
import type { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage, sagaRow } from "../../src/observer/saga-list.ts";
import { StoreUnavailableError } from "../../src/ports/errors.ts";
import type { JournalSource } from "../../src/ports/source.ts";
import { eventually } from "../support/eventually.ts";
import { MovingShop } from "./moving.ts";

const DAY_MS = 86_400_000;
/** Only the source that never replies takes as long. */
const REPLY_MS = 3_000;
const gone = () => Promise.reject(new StoreUnavailableError("STORE_UNAVAILABLE", "gone"));
const silent = () => new Promise<never>(() => {});

/** The sources of a shop, of which one can be taken away. */
class Door {
  /** What its calls do instead of reading; undefined: they read. */
  instead: (() => Promise<never>) | undefined;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  readonly wrap = (source: JournalSource, at: number): JournalSource => {
    if (at !== this.#at) return source;
    const through = <T>(work: () => Promise<T>) => this.instead?.() ?? work();
    return {
      inspect: Object.assign(Object.create(source.inspect), {
        histories: (ids: readonly string[]) => through(() => source.inspect.histories(ids)),
      }),
      about: () => through(() => source.about()),
      feed: (after, limit) => through(() => source.feed(after, limit)),
      outbox: (limit) => through(() => source.outbox(limit)),
      close: () => source.close(),
    };
  };
}

/** `order`, `payment`, `inventory`, `shipping`. */
const PAYMENT = 1;

/** Reads until nothing more comes, and judges again what was judged without a source. */
async function settled(observer: Observer, projection: Projection): Promise<void> {
  while ((await observer.readFeeds()).more);
  const again = projection.unreadSagas("", 1_000);
  if (again.length > 0) await observer.look(again);
  projection.tick(Date.now() + DAY_MS, observer.unsure);
}

const listed = (projection: Projection) => sagaPage(projection.sql, { limit: 100 }).sagas;

/** Lines that do not add up, of those that can. */
const wrong = (observer: Observer, projection: Projection) =>
  projection
    .accounts(Date.now() + DAY_MS)
    .filter((line) => observer.missingFor(line).length === 0 && unexplained(line) !== 0);

/** Waits until every source is there, and compares with a projection that has read all at once. */
async function restored(shop: MovingShop, observer: Observer, projection: Projection) {
  await eventually("it is back", async () => {
    await observer.readFeeds();
    return observer.away;
  }, []);
  await settled(observer, projection);
  await observer.catchUp();
  expect(projection.dump()).toEqual(await shop.whole());
  expect(listed(projection).flatMap(({ unread }) => unread)).toEqual([]);
}

describe("an observer of which one source is away", { timeout: 600_000 }, () => {
  it.each([
    ["refuses", gone],
    ["does not reply", silent],
  ])("goes on with the others while it %s", async (_, instead) => {
    await using shop = new MovingShop();
    await shop.more();
    const projection = new Projection(":memory:");
    const door = new Door(PAYMENT);
    const watch = async (observer: Observer) => {
      await settled(observer, projection);
      expect(listed(projection).length).toBe(2);
      door.instead = instead;
      await shop.more();
      await settled(observer, projection);
      expect(observer.away).toEqual([
        { service: "payment", code: "STORE_UNAVAILABLE", since: expect.any(Number) },
      ]);
      const sagas = listed(projection);
      expect(sagas.length).toBe(4);
      // Every order is paid for: none of the new ones can be judged without payment.
      const fresh = sagas.filter(({ unread }) => unread.length > 0);
      expect(fresh.map(({ unread }) => unread)).toEqual([["payment"], ["payment"]]);
      for (const { verdict } of sagas)
        expect(["succeeded", "undone", "running"]).toContain(verdict);
      expect(wrong(observer, projection)).toEqual([]);
      // What payment has made of it cannot be seen, so it is not stuck, and never gets late.
      await shop.releases("unseen");
      await settled(observer, projection);
      expect(sagaRow(projection.sql, "unseen")).toMatchObject({
        ...{ verdict: "running", unread: ["payment"], open: 0 },
      });
      expect(observer.missingFor({ stem: "stock.reserved", service: "shipping" })).toEqual([]);
      expect(observer.missingFor({ stem: "order.placed", service: "payment" })).toEqual([
        "payment",
      ]);
      door.instead = undefined;
      await restored(shop, observer, projection);
    };
    await shop.observed(projection, door.wrap, watch, REPLY_MS);
    projection.close();
  });

  it("begins without it, and counts from the beginning once it is there", async () => {
    await using shop = new MovingShop();
    await shop.more();
    const projection = new Projection(":memory:");
    const door = new Door(PAYMENT);
    door.instead = gone;
    await shop.observed(projection, door.wrap, async (observer) => {
      await settled(observer, projection);
      // Nothing has ever told its name, nor what it hears.
      expect(observer.away).toMatchObject([{ service: "" }]);
      expect(listed(projection).map(({ unread }) => unread)).toEqual([[""], [""]]);
      expect(wrong(observer, projection)).toEqual([]);
      door.instead = undefined;
      await restored(shop, observer, projection);
    });
    projection.close();
  });

  it("knows from an earlier process what it has declared", async () => {
    await using shop = new MovingShop();
    await shop.more();
    const projection = new Projection(":memory:");
    const door = new Door(PAYMENT);
    await shop.observed(projection, door.wrap, (observer) => observer.catchUp());
    door.instead = gone;
    await shop.more();
    await shop.observed(projection, door.wrap, async (observer) => {
      await settled(observer, projection);
      expect(observer.away).toMatchObject([{ service: "payment" }]);
      const unread = listed(projection).filter((saga) => saga.unread.includes("payment"));
      expect(unread.length).toBe(2);
      expect(wrong(observer, projection)).toEqual([]);
      await expect(observer.catchUp()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      door.instead = undefined;
      await restored(shop, observer, projection);
    });
    projection.close();
  });
});
