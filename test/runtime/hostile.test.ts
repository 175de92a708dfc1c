import { service } from "odori";
import { describe, expect, it } from "vitest";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const data = { orderId: "o" };

function payment(kit: Kit) {
  return service<unknown>("payment").on(placed, {
    emits: [authorized],
    handle(event, { tx }) {
      kit.effect("payment", tx, event.data.orderId);
      return authorized(event.data);
    },
  });
}

function wire(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    specversion: "1.0",
    id: "1",
    type: placed.type,
    source: "/order",
    sagaid: "s",
    data,
    ...change,
  });
}

const HOSTILE: readonly (readonly [what: string, code: string, text: string])[] = [
  ["text", "MESSAGE_MALFORMED", "hello"],
  ["nothing", "MESSAGE_MALFORMED", ""],
  ["a JSON object that is not a CloudEvent", "MESSAGE_MALFORMED", '{"orderId":"o"}'],
  ["no saga id", "MESSAGE_MALFORMED", wire({ sagaid: undefined })],
  ["a control character in its id", "MESSAGE_MALFORMED", wire({ id: "1\u0000" })],
  ["a newline in its saga id", "MESSAGE_MALFORMED", wire({ sagaid: "s\n2026 ERROR all is lost" })],
  [
    "deep nesting",
    "PAYLOAD_REFUSED",
    wire({ data: "DEEP" }).replace('"DEEP"', `${"[".repeat(20_000)}${"]".repeat(20_000)}`),
  ],
  [
    "__proto__ in its payload",
    "PAYLOAD_REFUSED",
    wire({ data: "PROTO" }).replace('"PROTO"', '{"orderId":"o","__proto__":{"polluted":1}}'),
  ],
  ["10 MB", "MESSAGE_TOO_LARGE", wire({ data: { orderId: "x".repeat(10 * 1024 * 1024) } })],
  ["a type that no reaction hears", "UNKNOWN_TYPE", wire({ type: "order.vanished.v1" })],
  ["a payload that does not fit", "PAYLOAD_INVALID", wire({ data: { orderId: 7 } })],
  ["no payload", "PAYLOAD_INVALID", wire({ data: undefined })],
  [
    "constructor where an object should be",
    "PAYLOAD_INVALID",
    wire({ data: { constructor: { prototype: {} } } }),
  ],
];

describe.each(kits)("bad input on $name", ({ make }) => {
  it.each(HOSTILE)("%s: parked with %s", async (_what, code, text) => {
    const kit = make();
    await using stage = await Stage.open(kit, payment(kit));
    await stage.bus.inject(placed.type, text);
    // The same bytes again are the same delivery.
    await stage.bus.inject(placed.type, text);
    const parked = await stage.app.inspect.deferred(["parked"], 10);
    expect(parked.map(({ problem }) => problem?.code)).toEqual([code]);
    expect(parked[0]?.body.text.length).toBeLessThanOrEqual(70_000);
    expect(await stage.effects()).toEqual([]);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    // Other deliveries go on, and a restart changes nothing.
    await stage.restart();
    await stage.hear(envelope(placed, "other", data));
    expect(await stage.effects()).toEqual(["o"]);
    expect((await stage.app.health()).state).toBe("ready");
  });

  it("what is not an event stays parked when it is retried, with what to do", async () => {
    const kit = make();
    await using stage = await Stage.open(kit, payment(kit));
    await stage.bus.inject(placed.type, "hello");
    const [parked] = await stage.app.inspect.deferred(["parked"], 1);
    const seq = parked?.seq ?? -1;
    await stage.app.inspect.retry(seq);
    await eventually("it is parked again", async () => {
      const [again] = await stage.app.inspect.deferred(["parked"], 1);
      return again?.problem?.message.includes("discard") === true;
    });
    await stage.app.inspect.discard(seq, "noise");
    expect(await stage.app.inspect.deferred(["parked"], 1)).toEqual([]);
  });

  it("ids are data: quotes, statements, prototypes and scripts may name a saga", async () => {
    const kit = make();
    await using stage = await Stage.open(kit, payment(kit));
    const names = [
      "'; DROP TABLE odori_inbox; --",
      "__proto__",
      "constructor",
      "<script>alert(1)</script>",
      "日本 👘",
      "a/b?c=d",
      "%00",
      "x".repeat(256),
    ];
    for (const name of names)
      await stage.hear(envelope(placed, name, { orderId: name }, { id: name, source: name }));
    expect(await stage.effects()).toEqual(names);
    for (const name of names) expect((await stage.app.inspect.journal(name)).length).toBe(1);
    await eventually("all are answered", () => stage.emitted.length, names.length);
    expect(new Set(stage.emitted.map(({ id }) => id)).size).toBe(names.length);
  });

  it("a poisoned batch: the good ones are handled", async () => {
    const kit = make();
    await using stage = await Stage.open(kit, payment(kit));
    const good = Array.from({ length: 10 }, (_, i) =>
      envelope(placed, `good ${i}`, { orderId: `${i}` }),
    );
    const bad = Array.from({ length: 10 }, (_, i) => envelope(placed, `bad ${i}`, { orderId: i }));
    // One id for two sagas: an event belongs to one saga, so these are two events.
    const twin = [
      envelope(placed, "twin a", { orderId: "twin" }, { id: "twin" }),
      envelope(placed, "twin b", { orderId: "twin" }, { id: "twin" }),
    ];
    await stage.hear(...good, ...bad, ...twin);
    expect([...(await stage.effects())].sort()).toEqual(
      [...good.map((_, i) => `${i}`), "twin", "twin"].sort(),
    );
    expect((await stage.app.inspect.counts()).deferred).toEqual({ parked: 10 });
  });
});
