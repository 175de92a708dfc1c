import { event, PermanentError, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits } from "../support/kits.ts";
import { envelope, type MovableClock, Stage, silent } from "../support/stage.ts";

const DAY_MS = 86_400_000;
const payload = z.object({ orderId: z.string() });
const booked = event("hotel.booked.v1", payload);
const noted = event("hotel.noted.v1", payload);
const cancelled = event("guest.cancelled.v1", payload);
const arrived = event("guest.arrived.v1", payload);
const charged = event("payment.charged.v1", payload);
const refunded = event("payment.refunded.v1", payload);
const absent = event("payment.no_show_assumed.v1", payload);
const settled = event("payment.settled.v1", payload);

/** What the handlers of one test do. */
interface Behaviour {
  broken: boolean;
}

function payment(kit: Kit, behaviour: Behaviour, after = "20d") {
  return service<unknown>("payment")
    .on(booked, {
      emits: [charged],
      handle({ data }, { tx }) {
        if (behaviour.broken) throw new PermanentError("the gateway's key has expired");
        kit.effect("payment", tx, `charge ${data.orderId}`);
        return charged(data);
      },
    })
    .on(noted, { name: "note", readonly: true, handle: () => undefined })
    .undo(charged, {
      on: [cancelled],
      emits: [refunded],
      handle({ data }, { tx }) {
        kit.effect("payment", tx, `refund ${data.orderId}`);
        return refunded(data);
      },
    })
    .onAll([arrived, noted], {
      name: "settle",
      emits: [settled],
      handle: ([{ data }]) => settled(data),
    })
    .deadline(noted, { name: "no show", after, unless: [arrived], emits: [absent] });
}

/** An id as the runtime gives it in a saga that began `agoMs` before now. */
function idOf(clock: MovableClock, agoMs: number, n: number): string {
  const time = (clock.now() - agoMs).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-8000-8000-${String(n).padStart(12, "0")}`;
}

for (const { name, make } of kits) {
  describe(`retention on ${name}`, () => {
    const hourLater = async (stage: Stage<never>, days: number) => {
      stage.clock.advance(days * DAY_MS);
      // A purge an hour: the next one is due, and comes with the next poll.
      await stage.restart();
    };

    it("retention: a parked charge is retried after its saga was cancelled", async () => {
      const behaviour = { broken: true };
      const kit = make();
      await using stage = await Stage.open(kit, payment(kit, behaviour));
      await stage.hear(envelope(booked, "p", { orderId: "p" }));
      await stage.hear(envelope(cancelled, "p", { orderId: "p" }));
      behaviour.broken = false;
      await hourLater(stage, 31);
      const [parked] = await stage.app.inspect.deferred(["parked"], 9);
      await stage.app.inspect.retry(parked?.seq ?? -1);
      await eventually(
        "it is settled",
        async () => (await stage.app.inspect.journal("p")).map(({ disposition }) => disposition),
        ["barred", "suppressed"],
      );
      expect(await stage.effects()).toEqual([]);
    });

    it("retention: a deadline keeps its saga, and what it did can be undone", async () => {
      const kit = make();
      await using stage = await Stage.open(kit, payment(kit, { broken: false }, "30d"));
      await stage.hear(envelope(booked, "a", { orderId: "a" }));
      await hourLater(stage, 20);
      await stage.hear(envelope(noted, "a", { orderId: "a" }));
      await hourLater(stage, 29);
      await stage.hear(envelope(cancelled, "a", { orderId: "a" }));
      expect(await stage.effects()).toEqual(["charge a", "refund a"]);
      await hourLater(stage, 2);
      await eventually(
        "the deadline has passed",
        () => stage.emittedTypes,
        [charged, refunded, absent].map(({ type }) => type),
      );
    });

    it("retention: an undo that finds nothing in an old saga is parked", async () => {
      const kit = make();
      await using stage = await Stage.open(kit, payment(kit, { broken: false }));
      const { clock } = stage;
      const first = envelope(booked, "a", { orderId: "a" }, { id: idOf(clock, 0, 1) });
      await stage.hear(first);
      await hourLater(stage, 31);
      await eventually("it is forgotten", () => stage.app.inspect.journal("a"), []);
      const undo = envelope(cancelled, "a", { orderId: "a" }, { id: idOf(clock, 31 * DAY_MS, 2) });
      await stage.hear(undo);
      const parked = async () =>
        (await stage.app.inspect.deferred(["parked"], 9)).map((row) => row.problem?.code);
      expect(await parked()).toEqual(["FENCE_FORGOTTEN"]);
      // The store knows as little for another step of the saga, or for a retry of the undo.
      await stage.hear(
        envelope(booked, "a", { orderId: "a" }, { id: idOf(clock, 31 * DAY_MS, 3) }),
      );
      expect(await parked()).toEqual(["FENCE_FORGOTTEN", "FENCE_FORGOTTEN"]);
      const rows = await stage.app.inspect.deferred(["parked"], 9);
      const [undoing, step] = rows;
      await stage.app.inspect.retry(undoing?.seq ?? -1);
      await eventually("the undo is parked again", parked, ["FENCE_FORGOTTEN", "FENCE_FORGOTTEN"]);
      // A person who has looked may run the step.
      await stage.app.inspect.retry(step?.seq ?? -1);
      await eventually("the step has run", () => stage.effects(), ["charge a", "charge a"]);
      expect(stage.emittedTypes).not.toContain(refunded.type);
    });

    it("retention: a forgotten step is not reported as failed, and can be retried", async () => {
      const kit = make();
      const declined = event("payment.declined.v1", payload);
      const bank = service<unknown>("payment").on(booked, {
        emits: [charged],
        onParked: {
          emits: declined,
          handle: ({ event: { sagaId } }) => declined({ orderId: sagaId }),
        },
        handle({ data }, { tx }) {
          kit.effect("payment", tx, `charge ${data.orderId}`);
          return charged(data);
        },
      });
      await using stage = await Stage.open(kit, bank);
      const id = idOf(stage.clock, 31 * DAY_MS, 1);
      await stage.hear(envelope(booked, "a", { orderId: "a" }, { id }));
      const [parked] = await stage.app.inspect.deferred(["parked", "answered"], 9);
      expect(parked).toMatchObject({ state: "parked", problem: { code: "FENCE_FORGOTTEN" } });
      await stage.app.inspect.retry(parked?.seq ?? -1);
      await eventually("the step has run", () => stage.effects(), ["charge a"]);
      await eventually("it is heard of", () => stage.emittedTypes, [charged.type]);
    });

    it("retention: what a person retries stays accepted through its later attempts", async () => {
      const kit = make();
      let broken: readonly Error[] = [
        new Error("the gateway is away"),
        new PermanentError("the gateway's key has expired"),
        new Error("the gateway is away again"),
      ];
      const bank = service<unknown>("payment").on(booked, {
        emits: [charged],
        handle({ data }, { tx }) {
          const [failure, ...rest] = broken;
          broken = rest;
          if (failure !== undefined) throw failure;
          kit.effect("payment", tx, `charge ${data.orderId}`);
          return charged(data);
        },
      });
      await using stage = await Stage.open(kit, bank);
      const id = idOf(stage.clock, 31 * DAY_MS, 1);
      await stage.hear(envelope(booked, "a", { orderId: "a" }, { id }));
      for (const code of ["FENCE_FORGOTTEN", "PERMANENT"]) {
        const parked = () => stage.app.inspect.deferred(["parked"], 9);
        await eventually("it is parked", async () => (await parked()).length, 1);
        const [row] = await parked();
        expect(row?.problem?.code).toBe(code);
        await stage.app.inspect.retry(row?.seq ?? -1);
      }
      await eventually("the step has run", () => stage.effects(), ["charge a"]);
    });

    it("what a join emits carries the birth of its saga, whichever event comes last", async () => {
      const kit = make();
      await using stage = await Stage.open(kit, payment(kit, { broken: false }));
      const older = idOf(stage.clock, 9_000, 1);
      const newer = idOf(stage.clock, 5_000, 2);
      for (const [sagaId, first, second] of [
        ["a", older, newer] as const,
        ["b", newer, older] as const,
      ]) {
        await stage.hear(envelope(arrived, sagaId, { orderId: sagaId }, { id: first }));
        await stage.hear(envelope(noted, sagaId, { orderId: sagaId }, { id: second }));
      }
      const births = stage.emitted
        .filter(({ type }) => type === settled.type)
        .map(({ id }) => id.slice(0, 13));
      expect(births).toEqual([older.slice(0, 13), older.slice(0, 13)]);
    });

    it("what is emitted carries its saga's birth, caused from outside or not", async () => {
      const kit = make();
      await using stage = await Stage.open(kit, payment(kit, { broken: false }, "1d"));
      const { clock } = stage;
      const first = idOf(clock, 9_000, 1);
      await stage.hear(envelope(booked, "a", { orderId: "a" }, { id: first }));
      // Of another system, whose ids say nothing, or when the event itself came about.
      await stage.hear(envelope(noted, "a", { orderId: "a" }, { id: "evt_1" }));
      await hourLater(stage, 2);
      await eventually("the deadline has passed", () => stage.emittedTypes.length, 2);
      await stage.hear(
        envelope(cancelled, "a", { orderId: "a" }, { id: idOf(clock, 0, 2) }),
        envelope(booked, "b", { orderId: "b" }, { id: "evt_2" }),
      );
      const births = stage.emitted.map(({ type, id }) => [type, id.slice(0, 13)]);
      const born = first.slice(0, 13);
      expect(births.slice(0, 3)).toEqual([
        [charged.type, born],
        [absent.type, born],
        [refunded.type, born],
      ]);
      // A saga of which nothing says when it began begins when it is first heard of.
      expect(births[3]?.[0]).toBe(charged.type);
      expect(births[3]?.[1]).toMatch(/^01/);
    });

    it("a young saga, and an id without a time, are not forgotten", async () => {
      const kit = make();
      await using stage = await Stage.open(kit, payment(kit, { broken: false }));
      const id = idOf(stage.clock, 29 * DAY_MS, 1);
      await stage.hear(
        envelope(booked, "a", { orderId: "a" }, { id }),
        envelope(booked, "b", { orderId: "b" }),
        envelope(noted, "c", { orderId: "c" }, { id: idOf(stage.clock, 90 * DAY_MS, 2) }),
      );
      expect([...(await stage.effects())].sort()).toEqual(["charge a", "charge b"]);
      const parked = await stage.app.inspect.deferred(["parked"], 9);
      // The note has no marks that could be missing; the join has one.
      expect(parked.map(({ reaction }) => reaction)).toEqual(["settle"]);
      const journal = await stage.app.inspect.journal("c");
      expect(
        journal.map(({ reaction, disposition }) => `${reaction} ${disposition}`).sort(),
      ).toEqual(["note done", "settle parked", "watch no show armed"]);
    });

    it("leaks: what a join has gathered goes with its silent saga", async () => {
      const kit = make();
      await using stage = await Stage.open(kit, payment(kit, { broken: false }));
      await stage.hear(
        ...Array.from({ length: 20 }, (_, n) => envelope(arrived, `j${n}`, { orderId: `j${n}` })),
      );
      const { deferred } = await stage.app.inspect.counts();
      expect(deferred).toEqual({ gathered: 20 });
      await hourLater(stage, 400);
      await eventually("nothing is left", () => stage.app.inspect.sagas(9), []);
      expect((await stage.app.inspect.counts()).deferred).toEqual({});
    });

    it("a deadline longer than retention is refused at start", async () => {
      using kit = make();
      const bus = memoryBus(["payment"]);
      const declared = payment(kit, { broken: false }, "31d");
      await expect(
        start(declared, { store: kit.store("payment"), bus, logger: silent }),
      ).rejects.toMatchObject({ code: "RETENTION_TOO_SHORT" });
      await bus.close();
    });
  });
}
