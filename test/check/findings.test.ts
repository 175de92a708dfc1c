import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { toConfig } from "../../src/check/config.ts";
import { repairText } from "../../src/check/repair-text.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { broken, findingsOf } from "./found.ts";
import type { Raw } from "./parts.ts";
import { SOUND } from "./sound.ts";
import { desk } from "./sound-long.ts";

describe("retention", () => {
  it("longer than all deadlines together, no saga is forgotten (long-saga)", () => {
    const long = toManifest(desk("P20D", "P20D"));
    const days = (count: number) => check(long, { retentionMs: count * 86_400_000 });
    expect(days(60).ok).toBe(true);
    const [stuck] = days(39).findings.filter(({ severity }) => severity === "error");
    expect(stuck).toMatchObject({ code: "PARKED_STUCK" });
    expect(stuck?.trace?.at(-1)).toMatchObject({
      service: "payment",
      does: "has forgotten the saga",
    });
    expect(toConfig({ retention: "60d" }, "odori.config.json").retention).toBe("60d");
  });
});

describe("a finding", () => {
  it("has the shortest way to it, step by step", () => {
    const [stuck] = findingsOf(broken("a failure that no service hears"), "STUCK");
    expect(stuck?.trace).toEqual([
      {
        service: "order",
        hears: null,
        emits: ["order.placed.v1"],
        does: "begins",
        effect: "order.placed.v1",
      },
      {
        service: "payment",
        hears: "order.placed.v1",
        emits: ["payment.declined.v1"],
        does: "refuses",
      },
    ]);
  });

  it("tells what comes from outside, what waits, what is late, and what is given up on", () => {
    const [loop] = findingsOf(broken("a retry without bound"), "UNBOUNDED_LOOP");
    // The way there, and once around.
    expect(loop?.trace?.map(({ emits }) => emits.join())).toEqual(
      [
        "order.placed.v1",
        "payment.declined.v1",
        "payment.retried.v1",
        "payment.declined.v1",
        "payment.retried.v1",
      ].slice(0, loop?.trace?.length),
    );
    const [parked] = findingsOf(
      broken("a delivery that is given up on, without an answer"),
      "PARKED_STUCK",
    );
    expect(parked?.trace?.at(-1)).toEqual({
      service: "payment",
      hears: "order.placed.v1",
      emits: [],
      does: "gives up",
    });
    const [race] = findingsOf(broken("a race of completion and expiry"), "MIXED_END");
    expect(race?.trace?.map(({ does }) => does)).toContain("has waited too long");
  });

  it("points at the element", () => {
    expect(findingsOf(broken("an effect without an undo"), "NO_UNDO")[0]?.at).toEqual({
      service: "payment",
      event: "payment.charged.v1",
    });
    expect(
      findingsOf(broken("an undo of another service's effect"), "FOREIGN_UNDO")[0]?.at,
    ).toMatchObject({
      service: "stock",
      event: "payment.charged",
    });
  });
});

describe("a repair was made and checked", () => {
  const repairs = (name: string, code: string) =>
    findingsOf(broken(name), code)[0]?.repairs?.map(repairText);

  it("let an undo hear more", () => {
    expect(repairs("a failure that no service hears", "STUCK")?.[0]).toBe(
      "let order also undo order.placed on payment.declined",
    );
  });

  it("give an effect an undo", () => {
    expect(repairs("an effect without an undo", "NO_UNDO")).toContain(
      "give payment an undo of payment.charged on stock.sold_out",
    );
  });

  it("let the first end win", () => {
    expect(repairs("two successes end the saga twice", "DOUBLE_END")?.[0]).toBe(
      'in order, let the first win: firstOf: "end" ("once" in a manifest) ' +
        'for "left.taken|right.taken"',
    );
  });

  it("is not offered where nothing helps", () => {
    expect(
      repairs("a delivery that is given up on, without an answer", "PARKED_STUCK"),
    ).toBeUndefined();
  });
});

describe("findings of one code and place do not hide each other", () => {
  it("two locks that one event acquires", () => {
    const lock = (name: string) => ({
      name,
      acquire: "order.placed.v1",
      release: ["order.completed.v1"],
    });
    const locked = {
      ...broken("a lock that only success releases"),
      locks: [lock("a"), lock("b")],
    };
    expect(findingsOf(locked, "LOCK_LEAK").map(({ message }) => message)).toEqual([
      'the lock "a" is never released',
      'the lock "b" is never released',
    ]);
  });

  it("two groups with one effect in common", () => {
    const manifest = broken("both rivals are kept");
    const groups = [
      ["left.taken.v1", "right.taken.v1"],
      ["left.taken.v1", "order.placed.v1"],
    ];
    expect(findingsOf({ ...manifest, oneOf: groups }, "ONE_OF")).toHaveLength(2);
  });

  it("two services that wait for an event without an emitter", () => {
    const manifest = broken("an event that no service emits");
    const services = typeof manifest.services === "object" ? manifest.services : {};
    const mail = { reactions: [{ on: ["stock.recounted.v1"] }] };
    const waiting = findingsOf({ ...manifest, services: { ...services, mail } }, "NEVER_EMITTED");
    expect(waiting.map(({ at }) => at.service)).toEqual(["stock", "mail"]);
  });

  it("one reaction's reason does not accept what is found of another one of its name", () => {
    const manifest = broken("an event that no service emits");
    const services = typeof manifest.services === "object" ? manifest.services : {};
    const on = ["stock.recounted.v1"];
    const suppress = { DEAD_REACTION: "it is for later" };
    const mail = { reactions: [{ on, suppress }, { on }] };
    const dead = findingsOf({ ...manifest, services: { ...services, mail } }, "DEAD_REACTION");
    expect(dead.filter(({ at }) => at.service === "mail")).toHaveLength(2);
  });
});

describe("a report says what was proved", () => {
  const assumed = (manifest: Raw, options = {}) =>
    check(toManifest(manifest), { repairs: false, ...options }).assumptions.map(
      ({ message }) => message,
    );
  const sound = (name: string): Raw => {
    const found = SOUND.find((entry) => entry.name === name);
    if (found === undefined) throw new Error(`no case ${name}`);
    return found.manifest;
  };

  it("that no delivery is given up on, unless each may be", () => {
    const { services, ...rest } = sound("parked delivery that emits a failure");
    expect(assumed({ ...rest, services })).toEqual(["no delivery to order is given up on"]);
    expect(assumed({ ...rest, services }, { mayPark: true })).toEqual([]);
    expect(assumed(sound("sequential"))).toEqual(["no delivery is given up on"]);
  });

  it("--may-park explores it, for each service or for those named", () => {
    const manifest = sound("sequential");
    const codes = (mayPark: boolean | readonly string[]) => [
      ...new Set(
        check(toManifest(manifest), { repairs: false, mayPark }).findings.map(({ code }) => code),
      ),
    ];
    expect(codes(false)).toEqual([]);
    expect(codes(true)).toEqual(["PARKED_STUCK"]);
    expect(codes(["stock"])).toEqual(["PARKED_STUCK"]);
    expect(assumed(manifest, { mayPark: ["stock"] })).toEqual([
      "no delivery to order or payment is given up on",
    ]);
  });

  it("that sagas are shorter than retention, where one may wait for longer", () => {
    const within = (span: string) => {
      const raw = JSON.stringify(sound("each end calls the deadline off"));
      return assumed(JSON.parse(raw.replace("PT15M", span)));
    };
    expect(within("P30D")).toHaveLength(1);
    expect(within("P31D")[1]).toBe("each service remembers a saga for 30 d (retentionMs)");
    expect(assumed(sound("an event from outside, with a deadline"))).toHaveLength(2);
  });

  it("that two keys stand for any number, and that no other beginning exists", () => {
    const keyed = JSON.stringify(sound("pivot")).replace(
      '"emits":["shipping.sent.v1"]',
      '"keyed":true,"emits":["shipping.sent.v1"]',
    );
    expect(assumed(JSON.parse(keyed))).toContain("two keys of shipping.sent stand for any number");
    const begins = JSON.stringify(sound("pivot")).replace(
      '"begins":["order.placed.v1"],"reactions"',
      '"begins":["order.placed.v1","order.copied.v1"],"reactions"',
    );
    expect(assumed(JSON.parse(begins))).toContain("no saga begins with order.copied");
  });

  it("a search that ends early proves nothing", () => {
    const report = check(toManifest(sound("sequential")), { statesMax: 3 });
    expect(report.findings.map(({ code }) => code)).toEqual(["NOT_EXHAUSTIVE"]);
    expect(report.ok).toBe(false);
    const crashes = check(toManifest(sound("parallel with join")), {
      statesMax: 60,
      crashes: true,
    });
    expect(crashes.explored.exhaustive).toBe(true);
    expect(crashes.findings.map(({ message }) => message)).toEqual([
      "the crash model stopped after 61 states; the rest is not proved",
    ]);
    expect(crashes.ok).toBe(false);
  });
});

describe("a delivery that the fence suppresses", () => {
  it("is a step of the counterexample, and in the message, with the reason", () => {
    const [stuck] = findingsOf(
      broken("end-named: the effect of an end is done already by another reaction"),
      "STUCK",
    );
    expect(stuck?.message).toBe(
      "the saga has no end: nothing is left to happen; " +
        "order suppressed payment.charged.v1, since order.noted.v1 is done already",
    );
    expect(stuck?.trace?.at(-1)).toEqual({
      service: "order",
      hears: "payment.charged.v1",
      emits: [],
      does: "suppresses it",
      effect: "order.noted.v1",
      why: "order.noted.v1 is done already",
    });
  });

  it("a second try after an undo", () => {
    const manifest = {
      ...broken("a retry without bound"),
      services: {
        order: {
          begins: ["order.placed.v1"],
          reactions: [{ on: ["payment.settled.v1"], emits: ["order.completed.v1"] }],
        },
        payment: {
          reactions: [
            { on: ["order.placed.v1", "stock.awaited.v1"], emits: ["payment.charged.v1"] },
            { on: ["stock.missing.v1"], undoes: "payment.charged.v1" },
          ],
        },
        stock: {
          reactions: [
            {
              on: ["payment.charged.v1"],
              emits: ["payment.settled.v1"],
              fails: [["stock.missing.v1", "stock.awaited.v1"]],
            },
          ],
        },
      },
    };
    const messages = findingsOf(manifest, "STUCK").map(({ message }) => message);
    expect(messages.join()).toMatch(
      /; payment suppressed stock\.awaited\.v1, since payment\.charged\.v1 (was|is) \w+/,
    );
  });
});

describe("what an independent judge has found", () => {
  const services = (raw: Raw) => ({ odori: 1, name: "judged", ...raw });

  it("a join that is given up on and answers lies on a loop as a step does", () => {
    const manifest = services({
      begins: ["a.begun.v1"],
      succeeds: ["a.completed.v1"],
      services: {
        a: { begins: ["a.begun.v1"] },
        b: {
          mayPark: true,
          reactions: [
            { on: ["a.begun.v1"], emits: ["b.sent.v1"] },
            {
              all: ["b.sent.v1", "a.begun.v1"],
              readonly: true,
              emits: ["a.completed.v1"],
              onParked: "b.retried.v1",
            },
            { on: ["b.retried.v1"], readonly: true, emits: ["b.sent.v1"] },
          ],
        },
      },
    });
    expect(findingsOf(manifest, "UNBOUNDED_LOOP")).not.toEqual([]);
  });

  it("a group knows an effect by another version of its event", () => {
    const manifest = services({
      begins: ["a.begun.v1"],
      succeeds: ["a.completed.v1"],
      oneOf: [["b.paid.v1", "b.kept.v1"]],
      external: ["b.paid.v2"],
      services: {
        a: {
          begins: ["a.begun.v1"],
          reactions: [{ on: ["b.kept.v1"], emits: ["a.completed.v1"] }],
        },
        b: {
          reactions: [
            { on: ["a.begun.v1"], emits: ["b.paid.v2"] },
            { on: ["b.paid.v2"], emits: ["b.kept.v1"] },
          ],
        },
      },
    });
    expect(findingsOf(manifest, "UNKNOWN_NAME")).toEqual([]);
    expect(findingsOf(manifest, "ONE_OF")).toHaveLength(1);
  });

  it("a delivery that the fence suppresses does not wait for more", () => {
    const manifest = services({
      begins: ["a.begun.v1"],
      services: {
        a: {
          begins: ["a.begun.v1"],
          reactions: [{ on: ["a.begun.v1"], readonly: true, emits: [["a.x.v1", "a.y.v1"]] }],
        },
        b: { reactions: [{ on: ["a.x.v1", "a.y.v1"], keyed: true, emits: ["b.made.v1"] }] },
      },
    });
    const actions = findingsOf(manifest, "STUCK").flatMap(({ trace = [] }) =>
      trace.map(({ does }) => does),
    );
    expect(actions).toContain("suppresses it");
    expect(actions).not.toContain("waits for more");
  });
});
