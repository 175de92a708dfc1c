import { event, type Fact, PermanentError, type Store, service } from "odori";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { completed, declined, expired, placed, reserved } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

/** An event as a foreign producer writes it: unknown attributes, a decimal with its zeros. */
const heard = (type: string, id: string, data: string) =>
  `{"tenant":"a", "specversion":"1.0","id":"${id}","type":"${type}","source":"/order",` +
  `"sagaid":"s","time":"2026-01-02T03:04:05Z", "data":${data}}`;
const PRICED = '{"orderId":"o", "price":1.50, "currency":"JPY"}';
const PLACED = heard(placed.type, "1", PRICED);

const parkedOf = (stage: Stage<never>) => stage.app.inspect.deferred(["parked"], 10);

describe.each(kits)("what is kept is what was heard, on $name", ({ make }) => {
  const failing = (error: () => unknown) =>
    service<unknown>("payment").on(placed, {
      handle() {
        throw error();
      },
    });

  it("a parked delivery keeps the text, attributes and numbers as they came", async () => {
    await using stage = await Stage.open(
      make(),
      failing(() => new PermanentError("no")),
    );
    await stage.bus.inject(placed.type, PLACED);
    const [parked] = await parkedOf(stage);
    expect(parked?.body).toEqual({ malformed: false, text: `[${PLACED}]` });
  });

  it("a missing time is the time of arrival, also after a retry", async () => {
    const times: string[] = [];
    const payment = service<unknown>("payment").on(placed, {
      handle({ time }) {
        if (times.push(time) < 3) throw new Error("passing");
      },
    });
    await using stage = await Stage.open(make(), payment);
    const untimed = PLACED.replace('"time":"2026-01-02T03:04:05Z"', '"time":null');
    await stage.bus.inject(placed.type, untimed);
    await eventually("it is done", () => times.length, 3);
    expect(new Set(times).size).toBe(1);
    expect(Date.parse(times[0] ?? "")).toBeGreaterThan(Date.parse("2026-01-02T03:04:05Z"));
  });

  it("stored-payload: a later version finds fields that the first did not know", async () => {
    await using stage = await Stage.open(
      make(),
      failing(() => new PermanentError("which currency?")),
    );
    await stage.bus.inject(placed.type, PLACED);
    const [parked] = await parkedOf(stage);
    const currency: string[] = [];
    const priced = event(placed.type, z.object({ orderId: z.string(), currency: z.string() }));
    await stage.deploy(
      service<unknown>("payment").on(priced, {
        handle({ data }) {
          currency.push(data.currency);
        },
      }),
    );
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually("it is handled", () => currency, ["JPY"]);
  });

  it("mutated, schema-that-parses: each attempt sees the same payload", async () => {
    const cents = event(
      placed.type,
      z.object({
        price: z.number().transform((n) => n * 100),
        units: z.string().transform(BigInt),
        items: z.array(z.string()),
      }),
    );
    const saw: unknown[] = [];
    const payment = service<unknown>("payment").on(cents, {
      handle({ data }) {
        if (saw.push([data.price, data.units, ...data.items]) === 3) return;
        data.items.shift();
        throw new Error("passing");
      },
    });
    await using stage = await Stage.open(make(), payment);
    const data = '{"price":1.50,"units":"9007199254740993","items":["book","pen"]}';
    await stage.bus.inject(placed.type, heard(placed.type, "1", data));
    await eventually("it is done", () => saw.length, 3);
    expect(saw).toEqual(Array(3).fill([150, 9007199254740993n, "book", "pen"]));
  });

  it("deadline-unparsed: what arms a deadline is parsed when it passes", async () => {
    const offered = event(
      "seller.offered.v1",
      z.object({ until: z.coerce.date(), rounds: z.number().default(3) }),
    );
    const saw: unknown[] = [];
    const buyer = service<unknown>("buyer").deadline(offered, {
      after: "1h",
      unless: [completed],
      emits: [expired],
      handle({ data }) {
        saw.push([data.until.getTime(), data.rounds]);
        return expired({ orderId: "o" });
      },
    });
    await using stage = await Stage.open(make(), buyer);
    const text = heard(offered.type, "1", '{"until":"2026-02-01T00:00:00Z"}');
    await stage.bus.inject(offered.type, text);
    const [armed] = await stage.app.inspect.deferred(["armed"], 1);
    expect(armed?.body.text).toBe(`[${text}]`);
    stage.clock.advance(3_600_000);
    await eventually("it has passed", () => stage.emittedTypes, [expired.type]);
    expect(saw).toEqual([[Date.parse("2026-02-01T00:00:00Z"), 3]]);
  });

  it("a join keeps what it gathers as heard, also from a retry", async () => {
    const join = (order: typeof placed) =>
      service<unknown>("shop").onAll([order, reserved], { name: "both", handle() {} });
    const gathered = (stage: Stage<never>) => stage.app.inspect.deferred(["gathered"], 2);
    await using stage = await Stage.open(make(), join(placed));
    await stage.bus.inject(placed.type, PLACED);
    expect(await gathered(stage)).toMatchObject([{ body: { text: `[${PLACED}]` } }]);
    // The next one is parked by a version that asks for too much, and gathered at its retry.
    const strict = event(placed.type, z.object({ orderId: z.string().refine((id) => id === "x") }));
    await stage.deploy(join(strict));
    const other = PLACED.replace('"sagaid":"s"', '"sagaid":"t"');
    await stage.bus.inject(placed.type, other);
    const [parked] = await parkedOf(stage);
    await stage.deploy(join(placed));
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually("it is gathered", async () => (await gathered(stage)).length, 2);
    expect((await gathered(stage)).map(({ body }) => body.text)).toEqual(
      [PLACED, other].map((text) => `[${text}]`),
    );
  });
});

describe.each(kits)("after a death, on $name", ({ make }) => {
  it("a renamed reaction, or an older version of its event, is known", async () => {
    const kit = make();
    const dead = {
      ...kit,
      store: (name: string): Store<unknown> => {
        const inner = kit.store(name);
        const open = async (session: Parameters<typeof inner.open>[0]) => ({
          ...(await inner.open(session)),
          others: "died" as const,
        });
        return new Proxy(inner, {
          get: (target, key) => {
            const value: unknown = key === "open" ? open : Reflect.get(target, key);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      },
    };
    const newer = event("order.placed.v2", z.object({ orderId: z.string() }), {
      from: [placed, (old) => old],
    });
    const saw: string[] = [];
    const payment = service<unknown>("payment").on(newer, {
      name: "charge",
      was: ["payment"],
      handle({ data }) {
        saw.push(data.orderId);
      },
    });
    await using stage = await Stage.open(dead, payment);
    await stage.bus.inject(placed.type, PLACED);
    await eventually("it is handled", () => saw, ["o"]);
    // The newer version of the same fact is the same delivery.
    await stage.bus.inject(newer.type, heard(newer.type, "1", PRICED));
    expect(await stage.app.inspect.deferred(["parked", "retrying", "waiting"], 9)).toEqual([]);
    const journal = await stage.app.inspect.journal("s");
    expect(journal).toMatchObject([{ reaction: "payment", disposition: "done" }]);
    expect(saw).toEqual(["o"]);
  });
});

const UNREADABLE: readonly (readonly [what: string, code: string, text: string])[] = [
  [
    "numbers-beyond-double",
    "NUMBER_INEXACT",
    heard(placed.type, "1", '{"orderId":"o","n":9007199254740993}'),
  ],
  ["nul-character", "PAYLOAD_REFUSED", heard(placed.type, "1", '{"orderId":"a\\u0000b"}')],
  ["a NUL in a key", "PAYLOAD_REFUSED", heard(placed.type, "1", '{"orderId":"o","a\\u0000":1}')],
  ["a lone surrogate", "PAYLOAD_REFUSED", heard(placed.type, "1", '{"orderId":"\\ud800"}')],
];

describe.each(kits)("a payload that cannot be read, on $name", ({ make }) => {
  it.each(UNREADABLE)(
    "%s: parked whole with its reaction and saga, and again after a retry",
    async (_what, code, text) => {
      const payment = service<unknown>("payment").on(placed, { handle() {} });
      await using stage = await Stage.open(make(), payment);
      await stage.bus.inject(placed.type, text);
      await stage.bus.inject(placed.type, text);
      const expected = {
        reaction: "order.placed",
        sagaId: "s",
        source: "/order",
        id: "1",
        type: placed.type,
        problem: { code },
        body: { malformed: true, text },
      };
      const parked = await parkedOf(stage);
      expect(parked).toMatchObject([expected]);
      // It holds up its saga at its reaction, as any other failure does.
      await stage.hear(envelope(placed, "s", { orderId: "later" }));
      expect(await stage.app.inspect.deferred(["waiting"], 2)).toHaveLength(1);
      await stage.app.inspect.retry(parked[0]?.seq ?? -1);
      await eventually("it is parked again", async () => {
        const [again] = await parkedOf(stage);
        return again?.problem?.message.includes("discard") === true;
      });
      expect(await parkedOf(stage)).toMatchObject([expected]);
      await stage.app.inspect.discard(parked[0]?.seq ?? -1, "noise");
      const waiting = () => stage.app.inspect.deferred(["waiting", "retrying"], 2);
      await eventually("the later one is handled", async () => (await waiting()).length, 0);
    },
  );

  it("onParked answers it, with the attributes and without a payload", async () => {
    const saw: unknown[] = [];
    const payment = service<unknown>("payment").on(placed, {
      handle() {},
      onParked: {
        emits: declined,
        handle(given): Fact<typeof declined.type, { orderId: string }> {
          saw.push([given.valid, given.event.sagaId, given.event.data, given.problem.code]);
          return declined({ orderId: given.event.sagaId });
        },
      },
    });
    await using stage = await Stage.open(make(), payment);
    await stage.bus.inject(placed.type, UNREADABLE[0]?.[2] ?? "");
    await eventually("it is answered", () => stage.emittedTypes, [declined.type]);
    expect(saw).toEqual([[false, "s", undefined, "NUMBER_INEXACT"]]);
  });

  it("one that a later version can read is handled when it is retried", async () => {
    const saw: unknown[] = [];
    const payment = service<unknown>("payment").on(placed, {
      handle({ data }) {
        saw.push(data.orderId);
      },
    });
    const kit = make();
    await using stage = await Stage.open(kit, payment);
    // As an earlier version kept it, which refused a print with 17 digits.
    const text = heard(placed.type, "1", '{"orderId":"o","n":0.10000000000000001}');
    const store = kit.store("payment");
    await store.open({ service: "payment", owner: "earlier", leaseMs: 1_000, now: Date.now });
    await store.transaction((tx) =>
      tx.write({
        ...NOTHING,
        defer: [
          {
            reaction: "order.placed",
            sagaId: "s",
            source: "/order",
            id: "1",
            type: placed.type,
            state: "parked",
            attempts: 1,
            delayMs: 0,
            problem: { code: "NUMBER_INEXACT", message: "It would be changed.", stack: undefined },
            body: { malformed: true, text },
          },
        ],
      }),
    );
    await store.close();
    const [parked] = await parkedOf(stage);
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually("it is handled", () => saw, ["o"]);
    expect(await parkedOf(stage)).toEqual([]);
  });

  it("a message that is too large is parked under its saga, with its beginning", async () => {
    const payment = service<unknown>("payment").on(placed, { handle() {} });
    await using stage = await Stage.open(make(), payment);
    const text = heard(placed.type, "1", `{"orderId":"${"x".repeat(70_000)}"}`);
    await stage.bus.inject(placed.type, text);
    const [parked] = await parkedOf(stage);
    expect(parked).toMatchObject({ sagaId: "s", problem: { code: "MESSAGE_TOO_LARGE" } });
    expect(parked?.body.text).toBe(text.slice(0, 4_096));
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually("it is parked again", async () => {
      const [again] = await parkedOf(stage);
      return again?.problem?.message.includes("discard") === true;
    });
    expect((await parkedOf(stage))[0]?.problem?.code).toBe("MESSAGE_TOO_LARGE");
  });

  it("an event that only calls off a deadline needs no payload for it", async () => {
    const buyer = service<unknown>("buyer").deadline(placed, {
      after: "1h",
      unless: [completed],
      emits: [expired],
      handle: () => expired({ orderId: "o" }),
    });
    await using stage = await Stage.open(make(), buyer);
    await stage.bus.inject(placed.type, PLACED);
    const number = '{"orderId":"o","n":9007199254740993}';
    await stage.bus.inject(completed.type, heard(completed.type, "2", number));
    expect(await stage.app.inspect.deferred(["armed", "parked"], 2)).toEqual([]);
  });

  it("one that arms a deadline is parked when the deadline passes", async () => {
    const buyer = service<unknown>("buyer").deadline(placed, {
      after: "1h",
      unless: [completed],
      emits: [expired],
      handle: () => expired({ orderId: "o" }),
    });
    await using stage = await Stage.open(make(), buyer);
    const text = UNREADABLE[0]?.[2] ?? "";
    await stage.bus.inject(placed.type, text);
    stage.clock.advance(3_600_000);
    await eventually("it is parked", async () => (await parkedOf(stage)).length, 1);
    const [parked] = await parkedOf(stage);
    expect(parked).toMatchObject({ sagaId: "s", problem: { code: "NUMBER_INEXACT" } });
    expect(parked?.body).toEqual({ malformed: true, text });
  });
});

const NOTHING = {
  journal: [],
  amend: [],
  duplicates: [],
  marks: [],
  enqueue: [],
  defer: [],
  redefer: [],
  settle: [],
  drop: [],
  confirm: [],
  reduce: [],
  release: [],
};
