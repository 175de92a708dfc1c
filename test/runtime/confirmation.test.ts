import { type Logger, type Service, type StartOptions, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { describe, expect, it } from "vitest";
import { authorized, cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits } from "../support/kits.ts";
import { closing, stopping } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { StrictBus } from "../support/strict-bus.ts";

const data = { orderId: "o" };
type Begins = typeof placed | typeof cancelled;
const order: Service<unknown, Begins> = service("order").begins(placed).begins(cancelled);

/** Starts `order` on a bus that refuses `cancelled`. */
async function open(kit: Kit, options: Partial<StartOptions<unknown>> = {}, shop = order) {
  const bus = closing(new StrictBus(memoryBus(["order"])));
  bus.refuses = ({ type }) => type === cancelled.type;
  const settings = { store: kit.store("order"), bus, logger: silent, pollMs: 5, ...options };
  const app = stopping(await start(shop, settings));
  const begin = (names: readonly string[], contract: typeof placed | typeof cancelled) =>
    Promise.all(names.map((name) => app.begin(name, () => contract(data))));
  return { bus, app, begin };
}

const names = (name: string, count: number) => Array.from({ length: count }, (_, i) => name + i);

/** Each accepted event was accepted once. */
const once = (bus: StrictBus) => [...bus.accepted.values()].every((times) => times === 1);

describe.each(kits)("confirmation by event on $name", ({ make }) => {
  it("ticket: a refused event is retried alone; its neighbours are published once", async () => {
    using kit = make();
    const { bus, app, begin } = await open(kit, { outboxMax: 5 });
    await using _bus = bus;
    await using _app = app;
    await Promise.all([begin(names("good", 3), placed), begin(["bad"], cancelled)]);
    await eventually("the good ones are accepted", () => bus.accepted.size, 3);
    await eventually(
      "only the bad one is left",
      async () => (await app.inspect.counts()).outbox,
      1,
    );
    expect(await app.health()).toMatchObject({
      state: "ready",
      publishing: 0,
      refused: {
        count: 1,
        codes: { BUS_REFUSED: 1 },
        oldest: { type: cancelled.type, sagaId: "bad", code: "BUS_REFUSED" },
      },
    });
    bus.refuses = () => false;
    await eventually("it is accepted", async () => (await app.health()).refused.count, 0);
    await eventually("nothing is left", async () => (await app.inspect.counts()).outbox, 0);
    expect(once(bus)).toBe(true);
  });

  it("more refused events than outboxMax stop no saga, and are published later", async () => {
    using kit = make();
    const { bus, app, begin } = await open(kit, { outboxMax: 4 });
    await using _bus = bus;
    await using _app = app;
    for (const name of names("bad", 12)) {
      await begin([name], cancelled);
      await eventually("it is answered", async () => (await app.health()).publishing, 0);
    }
    expect((await app.health()).refused.count).toBe(12);
    await begin(["good"], placed);
    await eventually("the good one is accepted", () => bus.accepted.has(`good ${placed.type}`));
    bus.refuses = () => false;
    await eventually("all are accepted", () => bus.accepted.size, 13);
    await eventually("nothing is left", async () => (await app.inspect.counts()).outbox, 0);
  });

  it("deadlines fire while an event is refused", async () => {
    using kit = make();
    const reminding = order.deadline(placed, {
      after: 1,
      unless: [cancelled],
      emits: [authorized],
    });
    const { bus, app, begin } = await open(kit, { outboxMax: 1 }, reminding);
    await using _bus = bus;
    await using _app = app;
    await begin(["bad"], cancelled);
    await eventually("it is refused", async () => (await app.health()).refused.count, 1);
    await begin(["good"], placed);
    await eventually("it fires", () => bus.accepted.has(`good ${authorized.type}`));
  });

  it("a restart publishes only the rest of a commit", async () => {
    using kit = make();
    const first = await open(kit);
    await Promise.all([
      first.begin(names("good", 3), placed),
      first.begin(["bad", "worse"], cancelled),
    ]);
    await eventually("the good ones are accepted", () => first.bus.accepted.size, 3);
    await first.app.stop();
    expect(once(first.bus)).toBe(true);
    await first.bus.close();
    const { bus, app } = await open(kit);
    await using _bus = bus;
    await using _app = app;
    bus.refuses = () => false;
    const left = ["bad", "worse"].map((name) => `${name} ${cancelled.type}`);
    await eventually("the rest is accepted", () => bus.accepted.size, 2);
    await eventually("nothing is left", async () => (await app.inspect.counts()).outbox, 0);
    expect([...bus.accepted.keys()].sort()).toEqual(left);
  });

  it("a bus that rejects a whole commit: the refused event is told apart", async () => {
    using kit = make();
    const { bus, app, begin } = await open(kit, { outboxMax: 20 });
    await using _bus = bus;
    await using _app = app;
    bus.allOrNothing = true;
    await Promise.all([begin(names("good", 3), placed), begin(["bad"], cancelled)]);
    await eventually("others show that the bus works", async () => {
      await app.begin(`later ${bus.accepted.size}`, () => placed(data));
      return (await app.health()).refused.count === 1;
    });
    await eventually(
      "only the bad one is left",
      async () => (await app.inspect.counts()).outbox,
      1,
    );
  });

  it("a bus that is away refuses nothing", async () => {
    using kit = make();
    const { bus, app, begin } = await open(kit);
    await using _bus = bus;
    await using _app = app;
    bus.away = true;
    await begin(names("good", 3), placed);
    expect(await app.health()).toMatchObject({ publishing: 3, refused: { count: 0 } });
    bus.away = false;
    await eventually("all are accepted", () => bus.accepted.size, 3);
  });

  it("a type is reported once when it is refused, and once when it is accepted again", async () => {
    using kit = make();
    const lines: string[] = [];
    const tell: Logger["warn"] = (message, fields) => {
      if (fields?.type === cancelled.type) lines.push(message);
    };
    const logger = { ...silent, info: tell, warn: tell };
    const { bus, app, begin } = await open(kit, { logger });
    await using _bus = bus;
    await using _app = app;
    await begin(names("bad", 3), cancelled);
    await eventually("they are refused", async () => (await app.health()).refused.count, 3);
    bus.refuses = () => false;
    await eventually("they are accepted", async () => (await app.health()).refused.count, 0);
    expect(lines).toEqual([
      expect.stringContaining("refuses an event"),
      expect.stringContaining("takes the events again"),
    ]);
  });
});
