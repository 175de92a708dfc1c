import assert from "node:assert/strict";
import {
  type Context,
  type EventEnvelope,
  event,
  type Logger,
  type Service,
  type StartOptions,
  type Store,
  StoreUnavailableError,
  service,
  start,
} from "odori";
import type { Runner } from "odori/conformance";
import { memoryBus } from "odori/memory";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { closing } from "../support/scope.ts";
import type { Shelf, ShelfKind } from "../support/shelf.ts";
import { envelope, silent } from "../support/stage.ts";

export const asked = event("order.asked.v1", z.object({ n: z.int() }));
const undone = event("order.undone.v1", z.object({ n: z.int() }));
const kept = event("shelf.kept.v1", z.object({ n: z.int() }));
const freed = event("shelf.freed.v1", z.object({ n: z.int() }));

type Handle = (n: number, context: Context<unknown>) => unknown;

/** A service that handles each event with `handle`, which returns nothing. */
export function shelfService(handle: Handle): Service<unknown, never> {
  return service<unknown>("shelf").on(asked, {
    name: "take",
    readonly: true,
    handle: ({ data }, context) => {
      const returned = handle(data.n, context);
      return returned instanceof Promise ? returned.then(() => undefined) : undefined;
    },
  });
}

export const askedFor = (n: number): EventEnvelope => envelope(asked, `saga ${n}`, { n });
export const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

type Options = Partial<StartOptions<unknown>>;

/** A started service on a shelf, which stops at the end of the scope. */
export async function open(shelf: Shelf, played: Service<unknown, never>, options: Options = {}) {
  const bus = closing(memoryBus(["shelf", "audience"]));
  await bus.subscribe(
    { group: "audience", topics: [kept.type, freed.type], inFlightMax: 100 },
    async () => {},
  );
  const app = await start(played, {
    store: shelf.store(),
    bus,
    logger: silent,
    pollMs: 5,
    retry: { attempts: 2, firstMs: 1, longestMs: 2 },
    ...options,
  });
  const parked = async () =>
    (await app.inspect.deferred(["parked"], 100)).map(({ problem, sagaId, attempts }) => ({
      sagaId,
      attempts,
      code: problem?.code,
      message: problem?.message ?? "",
      stack: problem?.stack ?? "",
    }));
  // A service that starts beside another one writes down deliveries before it runs them.
  const settled = () =>
    eventually("no delivery is deferred", async () => (await app.inspect.counts()).deferred, {});
  return {
    settled,
    bus,
    app,
    parked,
    codes: async () => (await parked()).map(({ code }) => code).sort(),
    hear: (...events: readonly EventEnvelope[]) => bus.publish(events),
    [Symbol.asyncDispose]: async () => {
      await app.stop();
      await bus.close();
    },
  };
}

/** What handlers may do to each other, for every store. The titles name the seen failures. */
export function isolationCases({ describe, it }: Runner, kind: ShelfKind): void {
  const play = (name: string, body: (shelf: Shelf) => Promise<void>) => {
    it(name, async () => {
      await using shelf = await kind.make();
      await body(shelf);
    });
  };

  describe(`isolation on ${kind.name}`, () => {
    play("oversell: of 10 in stock, 50 orders take 10", async (shelf) => {
      await shelf.stock({ drum: 10 });
      const played = shelfService(async (n, { tx }) => {
        const left = await shelf.read(tx, "drum");
        await turn();
        if (left < 1) return;
        await shelf.write(tx, "drum", left - 1);
        await shelf.note(tx, `sold to ${n}`);
      });
      await using one = await open(shelf, played);
      await using two = await open(shelf, played);
      await Promise.all([
        one.hear(...range(25).map(askedFor)),
        two.hear(...range(25).map((n) => askedFor(n + 25))),
      ]);
      const { items, notes } = await shelf.seen();
      assert.deepEqual([items, notes.length], [{ drum: 0 }, 10]);
    });

    play("cliff, neighbours-run-twice: a failing delivery costs itself alone", async (shelf) => {
      const runs = new Map<number, number>();
      const played = shelfService(async (n, { tx }) => {
        runs.set(n, (runs.get(n) ?? 0) + 1);
        await shelf.note(tx, `begun ${n}`);
        await shelf.note(tx, `done ${n}`);
        if (n === 7) throw new Error("the card number is wrong");
        if (n === 13) await shelf.fail(tx);
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      await stage.hear(...range(50).map(askedFor));
      const good = range(50).filter((n) => n !== 7 && n !== 13);
      const { notes } = await shelf.seen();
      assert.deepEqual(notes, good.flatMap((n) => [`begun ${n}`, `done ${n}`]).sort());
      if (shelf.slow !== true) for (const n of good) assert.equal(runs.get(n), 1, `runs of ${n}`);
      assert.equal((await stage.parked()).length, 2);
    });

    play(
      "a handler of one statement that fails leaves nothing, and the others once",
      async (shelf) => {
        const played = shelfService(async (n, { tx }) => {
          await shelf.note(tx, `${n}`);
          if (n % 10 === 7) throw new Error("it fails after its statement");
        });
        await using stage = await open(shelf, played, {
          retry: { attempts: 2, firstMs: 1, longestMs: 1 },
        });
        for (let from = 0; from < 200; from += 50)
          await stage.hear(...range(50).map((n) => askedFor(from + n)));
        const good = range(200).filter((n) => n % 10 !== 7);
        await eventually("the others are parked", async () => (await stage.parked()).length, 20);
        assert.deepEqual((await shelf.seen()).notes, good.map(String).sort());
      },
    );

    play(
      "econnrefused: what a handler throws is its own, also if it looks like the database",
      async (shelf) => {
        const errors = [
          Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" }),
          Object.assign(new Error("no such file"), { code: "ENOENT" }),
          new Error("gateway: timeout exceeded"),
          Object.assign(new Error("terminated"), { code: "57P01", severity: "FATAL" }),
          new StoreUnavailableError("STORE_UNAVAILABLE", "The store of another service is away."),
        ];
        // Half of them fail in a commit group, and half by themselves.
        const played = shelfService(async (n, { tx }) => {
          if (n % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 100));
          await shelf.note(tx, `${n}`);
          const error = errors[Math.floor(n / 2)];
          if (error !== undefined) throw error;
        });
        await using stage = await open(shelf, played);
        await stage.hear(...range(20).map(askedFor));
        const parked = async () => (await stage.parked()).length;
        await eventually("all that fail are parked", parked, errors.length * 2);
        for (const { attempts } of await stage.parked()) assert.equal(attempts, 2);
        const good = range(20).slice(errors.length * 2);
        assert.deepEqual((await shelf.seen()).notes, good.map(String).sort());
        assert.equal((await stage.app.health()).state, "ready");
      },
    );

    play("hang, slow-handler-holds-all: while one hangs, the others go on", async (shelf) => {
      const { promise: opened, resolve: openGate } = Promise.withResolvers<void>();
      const played = shelfService(async (n, { tx }) => {
        if (n === 0) await opened;
        await shelf.note(tx, `${n}`);
      });
      await using stage = await open(shelf, played);
      const hanging = stage.hear(askedFor(0));
      // Of the same saga: it waits behind the one that hangs.
      const behind = stage.hear(envelope(asked, "saga 0", { n: 100 }));
      for (let from = 1; from < 31; from += 10)
        await stage.hear(...range(10).map((n) => askedFor(from + n)));
      const others = range(30).map((n) => `${n + 1}`);
      assert.deepEqual((await shelf.seen()).notes, others.sort());
      openGate();
      await Promise.all([hanging, behind]);
      assert.deepEqual((await shelf.seen()).notes, [...others, "0", "100"].sort());
      assert.equal((await stage.app.health()).waiting, 0);
    });

    play("a handler by itself runs again where its saga has changed meanwhile", async (shelf) => {
      const { promise: opened, resolve: openGate } = Promise.withResolvers<void>();
      let runs = 0;
      const played = service<unknown>("shelf")
        .on(asked, {
          emits: [kept],
          async handle({ data }, { tx }) {
            runs++;
            await opened;
            await shelf.note(tx, "kept");
            return kept(data);
          },
        })
        .undo(kept, {
          on: [undone],
          emits: [freed],
          async handle({ data }, { tx }) {
            await shelf.note(tx, "freed");
            return freed(data);
          },
        });
      // It does not look for deliveries that are due: it would hold the undo behind the handler.
      await using one = await open(shelf, played, { pollMs: 60_000 });
      await using two = await open(shelf, played);
      const slow = one.hear(envelope(asked, "s", { n: 1 }));
      await eventually("the handler runs", () => runs, 1);
      // The undo overtakes the step, in another process: it bars it.
      await two.hear(envelope(undone, "s", { n: 1 }));
      await two.settled();
      openGate();
      await slow;
      assert.deepEqual((await shelf.seen()).notes, []);
    });

    play("stop: stop ends in time while handlers hang, and they come again", async (shelf) => {
      const aborted = new Set<number>();
      let hangs = true;
      let running = 0;
      const played = shelfService(async (n, { tx, signal }) => {
        running++;
        signal.addEventListener("abort", () => aborted.add(n));
        if (hangs) await new Promise(() => {});
        await shelf.note(tx, `${n}`);
      });
      const events = range(8).map(askedFor);
      {
        await using stage = await open(shelf, played, { drainMs: 50, handlerTimeoutMs: 600_000 });
        // The first makes the reaction slow: the others run by themselves from the beginning.
        let answered = 0;
        for (const event of events)
          stage
            .hear(event)
            .catch(() => {})
            .then(() => answered++);
        await eventually("all hang", () => running, events.length);
        await stage.app.stop();
        await eventually("the bus has them back", () => answered, events.length, 2_000);
        assert.equal(aborted.size, events.length);
        assert.equal((await stage.app.health()).state, "stopped");
      }
      hangs = false;
      await using again = await open(shelf, played);
      await again.hear(...events);
      assert.deepEqual((await shelf.seen()).notes, range(8).map(String));
    });

    play("signal: a signal asked for after the timeout is aborted", async (shelf) => {
      const { promise: opened, resolve: openGate } = Promise.withResolvers<void>();
      const seen: boolean[] = [];
      const played = shelfService(async (_n, context) => {
        await opened;
        seen.push(context.signal.aborted);
      });
      await using stage = await open(shelf, played, {
        handlerTimeoutMs: 20,
        retry: { attempts: 1 },
      });
      await stage.hear(askedFor(1));
      assert.deepEqual(await stage.codes(), ["HANDLER_TIMEOUT"]);
      openGate();
      await eventually("the handler goes on", () => seen, [true]);
    });

    play(
      "circular: any value that a handler throws is recorded, and costs itself",
      async (shelf) => {
        const circular = new Error("circular");
        circular.cause = circular;
        const trap = () => {
          throw new Error("a trap");
        };
        const traps = { get: trap, getPrototypeOf: trap, has: trap, ownKeys: trap };
        const unreadable = Object.defineProperty(new Error("unreadable"), "stack", { get: trap });
        const deep = new Error("top", { cause: unreadable });
        const thrown: readonly unknown[] = [
          undefined,
          null,
          0,
          "text\u0000with a zero",
          Symbol("s"),
          Object.create(null),
          new Proxy({}, traps),
          new Proxy(new Error("p"), traps),
          unreadable,
          deep,
          circular,
          () => {},
          Object.assign(new Error("x".repeat(1_000_000)), { code: "A\u0000B\ud800" }),
        ];
        const runs = new Map<number, number>();
        const played = shelfService(async (n, { tx }) => {
          runs.set(n, (runs.get(n) ?? 0) + 1);
          await shelf.note(tx, `${n} a`);
          await shelf.note(tx, `${n} b`);
          if (n < thrown.length) throw thrown[n];
        });
        const logger: Logger = { ...silent, warn: trap, error: async () => trap() };
        await using stage = await open(shelf, played, { logger, retry: { attempts: 1 } });
        await stage.hear(...range(30).map(askedFor));
        assert.equal((await stage.parked()).length, thrown.length);
        const good = range(30).slice(thrown.length);
        if (shelf.slow !== true)
          for (const n of range(30)) assert.equal(runs.get(n), 1, `runs of ${n}`);
        assert.deepEqual(
          (await shelf.seen()).notes,
          good.flatMap((n) => [`${n} a`, `${n} b`]).sort(),
        );
        for (const state of ["ready"]) assert.equal((await stage.app.health()).state, state);
      },
    );

    play("commit-inside-handler: BEGIN, COMMIT and ROLLBACK are refused", async (shelf) => {
      const { controls } = shelf;
      const played = shelfService(async (n, { tx }) => {
        await shelf.note(tx, `charged ${n}`);
        const control = controls[n];
        if (control !== undefined) await shelf.run(tx, control);
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      await stage.hear(...range(controls.length + 3).map(askedFor));
      assert.deepEqual(
        await stage.codes(),
        controls.map(() => "TRANSACTION_CONTROL"),
      );
      const good = range(3).map((n) => `charged ${n + controls.length}`);
      assert.deepEqual((await shelf.seen()).notes, good.sort());
    });

    play("a savepoint of the handler's own undoes a part", async (shelf) => {
      const played = shelfService(async (n, { tx }) => {
        await shelf.note(tx, `kept ${n}`);
        await shelf.attempt(tx, () => shelf.note(tx, `attempted ${n}`));
      });
      await using stage = await open(shelf, played);
      await stage.hear(...range(5).map(askedFor));
      assert.deepEqual(
        (await shelf.seen()).notes,
        range(5).map((n) => `kept ${n}`),
      );
    });

    play(
      "health: a service without work is not ready while its database is away",
      async (shelf) => {
        let away = false;
        const inner = shelf.store();
        const inspect = Object.assign(Object.create(inner.inspect), {
          deferred: inner.inspect.deferred.bind(inner.inspect),
          counts: async () => {
            if (away) throw new StoreUnavailableError("STORE_UNAVAILABLE", "It is away.");
            return inner.inspect.counts();
          },
        });
        const store: Store<unknown> = new Proxy(inner, {
          get(target, name) {
            if (name === "inspect") return inspect;
            const value: unknown = Reflect.get(target, name);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
        await using stage = await open(
          shelf,
          shelfService(() => {}),
          { store },
        );
        assert.equal((await stage.app.health()).state, "ready");
        away = true;
        const { state, problem } = await stage.app.health();
        assert.deepEqual([state, problem], ["degraded", "STORE_UNAVAILABLE"]);
        away = false;
        assert.equal((await stage.app.health()).state, "ready");
      },
    );
  });
}
