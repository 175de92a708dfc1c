import type { StoreCounts } from "odori";
import { BusWatch, ClockOffsets } from "odori/observe";
import { describe, expect, it } from "vitest";
import { hasPassed } from "../../src/observe/reach.ts";

/** Two services whose clocks are an hour and a day away from that of the observer. */
class Place {
  now = 1_000_000;
  readonly ahead = { order: 3_600_000, payment: -86_400_000 };
  readonly counts: Record<"order" | "payment", Partial<StoreCounts>> = { order: {}, payment: {} };
  readonly watch: BusWatch;

  constructor(confirmsHandled = false) {
    this.watch = new BusWatch({ now: () => this.now, commitMs: 10, confirmsHandled });
  }

  /** A time of the order service's database, some milliseconds ago. */
  ago(ms: number): number {
    return this.now + this.ahead.order - ms;
  }

  look() {
    return this.watch.look(
      (["order", "payment"] as const).map((service) => ({
        service,
        store: {
          inspect: {
            counts: async () => ({
              ...{ processes: 1, outbox: 0, outboxOldestMs: 0, deferred: {} },
              ...{ at: this.now + this.ahead[service], ...this.counts[service] },
            }),
          },
        },
      })),
    );
  }

  /** Looks, and says whether an event of this age then has passed. */
  async passed(at: number): Promise<boolean> {
    return hasPassed(await this.look(), "order", "payment", at);
  }
}

const empty = (emptyMs: number | undefined) => ({ backlog: { deliveries: 0, emptyMs } });

describe("an event has passed", () => {
  it("once it has left the outbox, and the bus was empty after that", async () => {
    const place = new Place();
    const event = place.ago(100);
    place.counts.payment = empty(5);
    expect(await place.passed(event), "it may have left the outbox only just now").toBe(false);
    place.now += 50;
    place.counts.payment = empty(55);
    expect(await place.passed(event), "the bus was not asked since").toBe(false);
    place.now += 50;
    place.counts.payment = empty(20);
    expect(await place.passed(event)).toBe(true);
    expect(await place.passed(place.ago(0)), "a later one").toBe(false);
  });

  it("not while the bus holds something, or is not known to hold nothing", async () => {
    const place = new Place();
    const event = place.ago(100);
    for (const backlog of [undefined, { deliveries: 3, emptyMs: 99_999 }, { deliveries: 0 }]) {
      place.counts.payment = { backlog };
      await place.look();
      place.now += 5_000;
      expect(await place.passed(event), JSON.stringify(backlog)).toBe(false);
    }
  });

  it("not while the outbox has it, however empty the bus", async () => {
    const place = new Place();
    const event = place.ago(100);
    const old = place.ago(200);
    place.counts.payment = empty(1);
    for (let looks = 0; looks < 3; looks++) {
      const outboxOldestMs = place.ago(0) - event;
      place.counts.order = { outbox: 1, outboxOldestMs };
      await place.look();
      place.now += 1_000;
    }
    expect(await place.passed(event)).toBe(false);
    expect(await place.passed(old), "an older one has left it").toBe(true);
  });

  it("not while it may be written and not committed", async () => {
    const place = new Place();
    const event = place.ago(5);
    place.counts.payment = empty(1);
    await place.look();
    place.now += 2;
    expect(await place.passed(event)).toBe(false);
  });

  it("also while its hearer is away again: what was found stays true", async () => {
    const place = new Place();
    const event = place.ago(100);
    await place.look();
    place.now += 50;
    place.counts.payment = empty(1);
    expect(await place.passed(event)).toBe(true);
    place.counts.payment = { processes: 0 };
    expect(await place.passed(event)).toBe(true);
  });

  it("at once on a bus that confirms what was handled", async () => {
    const place = new Place(true);
    expect(await place.passed(place.ago(100))).toBe(true);
    expect(await place.passed(place.ago(0))).toBe(false);
  });

  it("never where a store does not tell its time", async () => {
    const place = new Place(true);
    place.counts.order = { at: undefined };
    expect(await place.passed(place.ago(100))).toBe(false);
  });
});

it("an event is suspected that is older than the emptiness of its bus", async () => {
  const place = new Place();
  place.counts.payment = empty(50);
  await place.look();
  const suspected = (ms: number) =>
    hasPassed(place.watch.suspicion, "order", "payment", place.ago(ms));
  expect([suspected(100), suspected(20)]).toEqual([true, false]);
  place.counts.payment = {};
  await place.look();
  expect(suspected(100), "the bus does not tell").toBe(false);
});

describe("clock-offset-estimated", () => {
  it("the shortest exchange says best how far a clock is", () => {
    const clocks = new ClockOffsets();
    clocks.add("payment", 10_000, { asked: 0, answered: 4_000 });
    expect(clocks.of("payment")).toEqual({ ms: 8_000, errorMs: 2_000 });
    clocks.add("payment", 15_010, { asked: 10_000, answered: 10_020 });
    expect(clocks.of("payment")).toEqual({ ms: 5_000, errorMs: 10 });
    expect([...clocks.far]).toEqual([["payment", 5_000]]);
  });

  it("a clock is far only beyond the doubt, and old exchanges are forgotten", () => {
    const clocks = new ClockOffsets();
    clocks.add("payment", 3_500, { asked: 0, answered: 4_000 });
    expect([...clocks.far]).toEqual([]);
    clocks.add("order", 5_000, { asked: 0, answered: 0 });
    for (let n = 0; n < 16; n++) clocks.add("order", 2, { asked: 0, answered: 4 });
    expect(clocks.of("order")).toEqual({ ms: 0, errorMs: 2 });
    clocks.add("http", undefined, { asked: 0, answered: 1 });
    expect([clocks.of("http"), clocks.msOf("http")]).toEqual([undefined, 0]);
  });
});
