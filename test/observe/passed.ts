import assert from "node:assert/strict";
import type { StoreCounts } from "odori";
import type { Runner } from "odori/conformance";
import { BusWatch } from "odori/observe";
import { hasPassed } from "../../src/observe/reach.ts";

/** Two services whose clocks are an hour and a day away from that of the observer. */
export class Place {
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

export const empty = (emptyMs: number | undefined) => ({ backlog: { deliveries: 0, emptyMs } });

/** Tests of when nothing brings an event to its hearer any more. */
export function passedCases({ describe, it }: Runner): void {
  describe("an event has passed", () => {
    it("once it has left the outbox, and the bus was empty after that", async () => {
      const place = new Place();
      const event = place.ago(100);
      place.counts.payment = empty(5);
      assert.equal(await place.passed(event), false, "it may have left the outbox only just now");
      place.now += 50;
      place.counts.payment = empty(55);
      assert.equal(await place.passed(event), false, "the bus was not asked since");
      place.now += 50;
      place.counts.payment = empty(20);
      assert.equal(await place.passed(event), true);
      assert.equal(await place.passed(place.ago(0)), false, "a later one");
    });

    it("not while the bus holds something, or is not known to hold nothing", async () => {
      const place = new Place();
      const event = place.ago(100);
      for (const backlog of [undefined, { deliveries: 3, emptyMs: 99_999 }, { deliveries: 0 }]) {
        place.counts.payment = { backlog };
        await place.look();
        place.now += 5_000;
        assert.equal(await place.passed(event), false, JSON.stringify(backlog));
      }
    });

    it("not by what was seen before the clock of its service was set back", async () => {
      const place = new Place();
      place.counts.payment = empty(5);
      for (let n = 0; n < 10; n++) {
        await place.look();
        place.now += 500;
      }
      place.ahead.order -= 60_000;
      const event = place.ago(0);
      assert.equal(await place.passed(event), false);
      place.now += 500;
      assert.equal(await place.passed(event), false, "the bus was not asked since");
      for (let n = 0; n < 2; n++) place.now += 500;
      assert.equal(await place.passed(event), true, "what is seen from then on counts");
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
      assert.equal(await place.passed(event), false);
      assert.equal(await place.passed(old), true, "an older one has left it");
    });

    it("not while it may be written and not committed", async () => {
      const place = new Place();
      const event = place.ago(5);
      place.counts.payment = empty(1);
      await place.look();
      place.now += 2;
      assert.equal(await place.passed(event), false);
    });

    it("also while its hearer is away again: what was found stays true", async () => {
      const place = new Place();
      const event = place.ago(100);
      await place.look();
      place.now += 50;
      place.counts.payment = empty(1);
      assert.equal(await place.passed(event), true);
      place.counts.payment = { processes: 0 };
      assert.equal(await place.passed(event), true);
    });

    it("at once on a bus that confirms what was handled", async () => {
      const place = new Place(true);
      assert.equal(await place.passed(place.ago(100)), true);
      assert.equal(await place.passed(place.ago(0)), false);
    });

    it("never where a store does not tell its time", async () => {
      const place = new Place(true);
      place.counts.order = { at: undefined };
      assert.equal(await place.passed(place.ago(100)), false);
    });
  });
}
