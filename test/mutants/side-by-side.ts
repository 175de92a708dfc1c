import assert from "node:assert/strict";
import {
  type App,
  type EventEnvelope,
  event,
  type RetryPolicy,
  type Service,
  service,
  start,
} from "odori";
import type { Runner } from "odori/conformance";
import { MemoryDatabase, type MemoryTx, memoryBus, memoryStore } from "odori/memory";
import { z } from "zod";
import { authorized, expired, placed, refunded, reserved, shipped } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const data = { orderId: "o" };
/** Made when it is needed: a broken runtime may not be able to. */
const makePlaced2 = () =>
  event("order.placed.v2", z.object({ orderId: z.string(), currency: z.string() }), {
    from: [placed, (old) => ({ ...old, currency: "JPY" })],
  });
type Placed = typeof placed | ReturnType<typeof makePlaced2>;
const scored = event("payment.scored.v1", z.object({ orderId: z.string() }));
const AUDIENCE = [refunded, shipped, expired, scored].map(({ type }) => type);

type Version = Service<MemoryTx>;

/** One process of a version: it hears what is given to it, and not what is given to the other. */
class Process implements AsyncDisposable {
  readonly app: App<MemoryTx, never>;
  readonly #bus: ReturnType<typeof memoryBus>;

  private constructor(app: App<MemoryTx, never>, bus: ReturnType<typeof memoryBus>) {
    this.app = app;
    this.#bus = bus;
  }

  static async of(
    version: Version,
    database: MemoryDatabase,
    retry: RetryPolicy,
  ): Promise<Process> {
    const bus = memoryBus(["payment", "audience"]);
    const group = { group: "audience", topics: AUDIENCE, inFlightMax: 100 };
    await bus.subscribe(group, async () => {});
    const app = await start<MemoryTx, never>(version, {
      bus,
      store: memoryStore(database),
      logger: silent,
      pollMs: 5,
      leaseMs: 60,
      retry,
      onHazard: "warn",
    });
    return new Process(app, bus);
  }

  async hear(...events: readonly EventEnvelope[]): Promise<void> {
    await this.#bus.publish(events);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _bus = closing(this.#bus);
    await using _app = stopping(this.app);
  }
}

const next = () => envelope(makePlaced2(), "s", { ...data, currency: "EUR" });

/** How the deliveries of a saga at one reaction have ended. */
async function endsAt({ app }: Process, reaction: string): Promise<readonly string[]> {
  const rows = await app.inspect.journal("s");
  return rows.filter((row) => row.reaction === reaction).map(({ disposition }) => disposition);
}

/** Two versions of one service have a process each, on one database. */
export function sideBySideScenarios({ describe, it }: Runner): void {
  const play = (
    name: string,
    versions: () => readonly [Version, Version],
    check: (old: Process, young: Process) => Promise<void>,
    retry = { attempts: 25, firstMs: 1, longestMs: 5 },
  ) => {
    it(name, async () => {
      const [before, after] = versions();
      const database = new MemoryDatabase();
      await using old = await Process.of(before, database, retry);
      await using young = await Process.of(after, database, retry);
      await check(old, young);
    });
  };

  describe("two versions side by side", () => {
    let runs: number[] = [];
    const counts = (contract: Placed) =>
      service<MemoryTx>("payment").on(contract, {
        readonly: true,
        handle: (_, { attempt }) => void runs.push(attempt),
      });
    play(
      "one fact in two versions is handled once",
      () => [counts(placed), counts(makePlaced2())],
      async (old, young) => {
        runs = [];
        const fact = next();
        await young.hear(fact);
        await eventually(
          "it is handled",
          async () => (await endsAt(young, "order.placed"))[0],
          "done",
        );
        await old.hear({ ...fact, type: placed.type, data });
        assert.deepEqual(runs, [1]);
      },
    );

    const failing = (contract: Placed) =>
      service<MemoryTx>("payment").on(contract, {
        readonly: true,
        handle(_, { attempt }) {
          if (attempt < 9) throw new Error("the first attempts fail");
        },
      });
    play(
      "a retry is left to the version that reads it",
      () => [failing(placed), failing(makePlaced2())],
      async (_, young) => {
        await young.hear(next());
        await eventually(
          "it has an end",
          () => endsAt(young, "order.placed"),
          ([end]) => end === "done" || end === "parked",
        );
        assert.deepEqual(await endsAt(young, "order.placed"), ["done"]);
      },
    );

    const joins = (contract: Placed) =>
      service<MemoryTx>("payment").onAll([contract, reserved], {
        name: "both",
        emits: [shipped],
        handle: () => shipped(data),
      });
    play(
      "a join fires where the events that it has gathered can be read",
      () => [joins(placed), joins(makePlaced2())],
      async (old, young) => {
        await young.hear(next());
        await eventually("it is kept", () => endsAt(young, "both"), ["gathered"]);
        await old.hear(envelope(reserved, "s", data));
        await eventually("it has fired", async () =>
          (await endsAt(young, "both")).includes("done"),
        );
      },
    );

    const ends = () => service<MemoryTx>("payment").on(shipped, { name: "end", handle() {} });
    const limited = () =>
      ends().deadline(placed, {
        after: "200ms",
        unless: [shipped],
        emits: [expired],
      });
    play(
      "a deadline does not fire after an older process has heard what calls it off",
      () => [ends(), limited()],
      async (old, young) => {
        await young.hear(envelope(placed, "s", data));
        await old.hear(envelope(shipped, "s", data));
        await eventually(
          "the deadline has passed",
          () => endsAt(young, "deadline order.expired"),
          ([end]) => end !== undefined,
        );
        assert.deepEqual(await endsAt(young, "deadline order.expired"), ["suppressed"]);
      },
    );

    const charges = () =>
      service<MemoryTx>("payment")
        .on(placed, { emits: [authorized], handle: () => authorized(data) })
        .undo(authorized, { on: [expired], emits: [refunded], handle: () => refunded(data) });
    const scores = () => charges().on(reserved, { emits: [scored], handle: () => scored(data) });
    const isBarred = async (old: Process, young: Process) => {
      await young.hear(envelope(reserved, "s", data));
      await eventually("it is scored", () => endsAt(young, "inventory.reserved"), ["done"]);
      await young.app.stop();
      await old.hear(envelope(expired, "s", data));
      await eventually(
        "the undo has an end",
        () => endsAt(old, "undo payment.authorized"),
        ([end]) => end !== undefined && end !== "retrying",
      );
      assert.deepEqual(await endsAt(old, "undo payment.authorized"), ["barred"]);
    };
    play(
      "an undo is not parked because of an effect that a newer version has beside its own",
      () => [charges(), scores()],
      isBarred,
    );
    const once = { attempts: 1, firstMs: 1, longestMs: 5 };
    play(
      "to read a newer version first is not an attempt",
      () => [charges(), scores()],
      isBarred,
      once,
    );

    const gives = (effect: string) =>
      service<MemoryTx>("payment")
        .on(placed, {
          name: `to ${effect}`,
          effect,
          emits: [authorized],
          handle: () => authorized(data),
        })
        .undo(effect, {
          name: "give back",
          on: [expired],
          emits: [refunded],
          onParked: { emits: shipped, handle: () => shipped(data) },
          handle: () => refunded(data),
        });
    play(
      "an undo whose only attempt reads a newer version first is parked as unknown",
      () => [gives("charge"), gives("booking")],
      async (old, young) => {
        await young.hear(envelope(placed, "s", data));
        await eventually("it is booked", () => endsAt(young, "to booking"), ["done"]);
        await young.app.stop();
        await old.hear(envelope(expired, "s", data));
        await eventually(
          "the undo has an end",
          () => endsAt(old, "give back"),
          ([end]) => end !== undefined && end !== "retrying",
        );
        const [row] = await old.app.inspect.deferred(["parked", "answered"], 9);
        assert.deepEqual(
          [row?.state, row?.problem?.code, row?.attempts],
          ["parked", "EFFECT_UNKNOWN", 1],
        );
      },
      once,
    );
  });
}
