import { randomBytes, randomFill, randomFillSync, randomInt, randomUUID } from "node:crypto";
import { simulate, standIn } from "odori/simulate";
import { expect, it } from "vitest";
import { findingOf } from "./finding-of.ts";
import { placed, shopWith } from "./shop.ts";

/** Each call that takes time or chance past the context of a handler. */
const CALLS: Readonly<Record<string, () => unknown>> = {
  "Date.now()": () => Date.now(),
  "new Date()": () => new Date(),
  "Date()": () => Date(),
  "Intl.DateTimeFormat.format()": () => new Intl.DateTimeFormat("en").format(),
  "performance.now()": () => performance.now(),
  "process.hrtime()": () => process.hrtime(process.hrtime()),
  "process.hrtime.bigint()": () => process.hrtime.bigint(),
  "Math.random()": () => Math.random(),
  "randomUUID()": () => [randomUUID(), crypto.randomUUID()],
  "getRandomValues()": () => crypto.getRandomValues(new Uint8Array(16)),
  "randomBytes()": () => randomBytes(16),
  "randomFillSync()": () => [
    randomFillSync(new Uint16Array(4)),
    randomFillSync(Buffer.alloc(8), 2, 4),
    String(new Uint8Array(Reflect.apply(randomFillSync, undefined, [new ArrayBuffer(4)]))),
  ],
  "randomFill()": () =>
    new Promise((resolve, reject) =>
      randomFill(Buffer.alloc(8), (error, drawn) => (error ? reject(error) : resolve(drawn))),
    ),
  "randomInt()": () =>
    new Promise((resolve, reject) =>
      randomInt(5, 1_000, (error, drawn) => (error ? reject(error) : resolve(drawn))),
    ),
  "setTimeout()": () => new Promise((resolve) => setTimeout(resolve, 5)),
  "setImmediate()": () => new Promise((resolve) => setImmediate(resolve)),
  "setInterval()": () => clearInterval(setInterval(() => {}, 1_000)),
  "fetch()": () => fetch("data:,").then(() => {}),
};

it.each(Object.entries(CALLS))("%s of a handler is told, with its line", async (what, call) => {
  const results: unknown[] = [];
  const { choreography, options } = shopWith(async () => results.push(await call()));
  const { leaks } = await simulate(choreography, { ...options, seeds: 3 });
  expect(leaks.map((leak) => leak.what)).toContain(what);
  for (const { at } of leaks) expect(at).toMatch(/tripwire\.test\.ts:\d+$/);
  const controlled = !["fetch()", "setInterval()"].includes(what);
  expect(leaks.every((leak) => leak.controlled === controlled)).toBe(true);
});

/** The simulation knows their times, and draws their chances. */
const ANSWERED = Object.entries(CALLS).filter(([what]) => what !== "fetch()");

it.each(ANSWERED)("%s answers the same in the same run", async (what, call) => {
  const answers = async () => {
    const results: unknown[] = [];
    const { choreography, options } = shopWith(async () => results.push(String(await call())));
    await simulate(choreography, { ...options, seeds: 5 });
    return results;
  };
  const first = await answers();
  expect(await answers()).toEqual(first);
  if (/random/i.test(what)) expect(new Set(first).size).toBeGreaterThan(1);
});

it("bytes of the calm run differ from call to call, since ids are made of them", async () => {
  const ids: string[] = [];
  const { choreography, options } = shopWith(() => ids.push(randomBytes(8).toString("hex")));
  await simulate(choreography, {
    ...options,
    given: ({ begin }) => {
      const [order] = choreography.services;
      for (const id of ["o-1", "o-2", "o-3"])
        if (order !== undefined) begin(order, id, () => placed({ orderId: id }));
    },
    replay: "",
  });
  expect([ids.length, new Set(ids).size]).toEqual([3, 3]);
});

it("times are those of the run, also where a date is left out", async () => {
  const shown: unknown[] = [];
  const { choreography, options } = shopWith(() => {
    const format = new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone: "UTC" });
    const [seconds, nanoseconds] = process.hrtime(process.hrtime());
    const ms = Number(process.hrtime.bigint() / 1_000_000n);
    shown.push([Date().slice(11, 15), format.format(), format.format(0), seconds, nanoseconds]);
    expect(new Date(ms).getUTCFullYear()).toBe(2026);
  });
  await simulate(choreography, { ...options, replay: "" });
  expect(shown).toEqual([["2026", "1/1/26", "1/1/70", 0, 0]]);
});

it("chance of `given` is told, and decided by the run", async () => {
  const drawn: number[] = [];
  const { choreography, options } = shopWith(() => {}, {
    given: () => void drawn.push(Math.random()),
  });
  const { leaks } = await simulate(choreography, { ...options, systematic: 1 });
  const at = expect.stringMatching(/tripwire\.test\.ts:\d+$/);
  expect(leaks).toEqual([{ what: "Math.random()", at, controlled: true }]);
  expect([drawn[0], new Set(drawn).size > 1]).toEqual([0, true]);
});

it("the same seeds draw the same, and what is replaced is put back", async () => {
  const before = [Date, Date.now, Math.random, globalThis.setTimeout, performance.now];
  const draw = async () => {
    const drawn: unknown[] = [];
    const { choreography, options } = shopWith(() => drawn.push(Date.now(), Math.random()));
    await simulate(choreography, { ...options, seeds: 5 });
    return drawn;
  };
  expect(await draw()).toEqual(await draw());
  expect([Date, Date.now, Math.random, globalThis.setTimeout, performance.now]).toEqual(before);
});

it("another system has the time and the chance of the run, and nothing of it is told", async () => {
  const bookings = async () => {
    const booked: unknown[] = [];
    const { choreography, options } = shopWith(async () => {
      const book = () => booked.push([Date.now(), Math.random(), randomUUID()]);
      await standIn("gateway", book).catch(() => {});
    });
    const { leaks } = await simulate(choreography, { ...options, seeds: 20 });
    expect(leaks).toEqual([]);
    return booked;
  };
  const booked = await bookings();
  expect(booked.length).toBeGreaterThan(20);
  expect(await bookings()).toEqual(booked);
});

it("another system may refuse, also where its answer is lost", async () => {
  const { choreography, options } = shopWith(async () => {
    const refuse = async () => {
      throw new Error("declined");
    };
    await standIn("gateway", refuse).catch(() => {});
  });
  const { runs } = await simulate(choreography, { ...options, seeds: 100 });
  expect(runs).toBe(100);
});

it("another system goes on where its caller dies", async () => {
  let [begun, ended] = [0, 0];
  const { choreography, options } = shopWith(
    () =>
      standIn("gateway", async () => {
        begun++;
        await new Promise((resolve) => setTimeout(resolve, 10));
        ended++;
      }),
    {
      reset() {
        begun = ended = 0;
      },
      holds: () => expect(ended).toBe(begun),
    },
  );
  const { runs } = await simulate(choreography, { ...options, seeds: 300 });
  expect(runs).toBe(300);
});

it("a simulation within a simulation is refused", async () => {
  const inner = shopWith(() => {});
  const holds = async () => {
    await simulate(inner.choreography, { ...inner.options, seeds: 1 });
  };
  const { choreography, options } = shopWith(() => {}, { holds });
  const { findings } = await findingOf(simulate(choreography, { ...options, seeds: 1 }));
  expect(findings).toMatchObject([{ code: "INVARIANT" }]);
  expect(findings[0]?.message).toContain("`simulate` is called within a simulation.");
});

it("simulations of one process come one after the other", async () => {
  const before = [Date, Math.random, globalThis.setTimeout, Error.stackTraceLimit];
  const times: number[] = [];
  const one = async (seeds: number) => {
    const { choreography, options } = shopWith(() => times.push(Date.now()));
    return (await simulate(choreography, { ...options, seeds })).leaks;
  };
  const leaks = await Promise.all([one(3), one(30), one(10)]);
  expect(leaks.map(({ length }) => length)).toEqual([1, 1, 1]);
  // Virtual times begin with 2026, and this test was written later.
  expect(Math.max(...times)).toBeLessThan(Date.UTC(2026, 6));
  expect([Date, Math.random, globalThis.setTimeout, Error.stackTraceLimit]).toEqual(before);
});
