import { type EventContract, event, PermanentError, service } from "odori";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const lapsed = event("buyer.offer_lapsed.v1", z.object({ rounds: z.number(), year: z.number() }));
const took = event("buyer.took.v1", z.object({}));
const key = z.object({ orderId: z.string(), amount: z.number() });

/** Schemas whose result is not what came, with what came and how the handler sees it. */
const parsing: Readonly<Record<string, readonly [z.ZodType, unknown, unknown]>> = {
  "a date": [z.coerce.date(), "2026-01-02T03:04:05.000Z", new Date("2026-01-02T03:04:05.000Z")],
  cents: [z.number().transform((amount) => amount * 100), 12, 1_200],
  "a prefix": [z.string().transform((sku) => `SKU-${sku}`), "7", "SKU-7"],
  "a set": [z.array(z.string()).transform((tags) => new Set(tags)), ["x"], new Set(["x"])],
  "a bigint": [z.string().transform(BigInt), "7", 7n],
};

describe.each(kits)("what is kept is what came, on $name", ({ make }) => {
  const kept = async (stage: Stage<never>) =>
    (await stage.app.inspect.deferred(["parked"], 9)).map(({ body }) => body.text);

  it.each(Object.entries(parsing))(
    "schema that parses: %s: each attempt sees the same",
    async (_what, given) => {
      const [schema, sent, handled] = given;
      const contract: EventContract = event("order.tried.v1", z.object({ value: schema }));
      const seen: unknown[] = [];
      const mail = service<unknown>("mail").on(contract, {
        handle({ data }) {
          seen.push(data);
          throw new Error("it always fails");
        },
      });
      await using stage = await Stage.open(make(), mail);
      await stage.hear(envelope(contract, "s", { value: sent }));
      await eventually("it is parked", async () => (await kept(stage)).length, 1);
      expect(seen).toEqual([{ value: handled }, { value: handled }, { value: handled }]);
      expect(JSON.parse((await kept(stage))[0] ?? "")).toMatchObject([{ data: { value: sent } }]);
    },
  );

  it("stored payload: a retry sees the fields that an earlier schema did not name", async () => {
    const { orderId, amount } = key.shape;
    const narrow = event("order.priced.v1", z.object({ orderId, amount }));
    const wide = event("order.priced.v1", z.object({ orderId, amount, currency: z.string() }));
    const seen: unknown[] = [];
    const before = service<unknown>("payment").on(narrow, {
      handle() {
        throw new PermanentError("no currency");
      },
    });
    const after = service<unknown>("payment").on(wide, {
      handle: ({ data }) => void seen.push(data),
    });
    const data = { orderId: "o", amount: 5, currency: "JPY" };
    await using stage = await Stage.open(make(), before);
    await stage.hear(envelope(narrow, "s", data));
    await stage.deploy(after);
    const [parked] = await stage.app.inspect.deferred(["parked"], 1);
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually("it is handled", () => seen, [data]);
  });

  it("mutated: what a handler does to its payload is seen by no other run", async () => {
    const priced = event("order.priced.v1", key.extend({ items: z.array(z.string()) }));
    const seen: unknown[] = [];
    let fails = 2;
    const payment = service<unknown>("payment")
      .on(priced, {
        name: "charge",
        handle({ data }) {
          if (data.orderId === "bad") throw new PermanentError("no");
          seen.push(structuredClone(data));
          data.amount -= 10;
          data.items.shift();
          if (data.orderId === "again" && fails-- > 0) throw new Error("not now");
        },
      })
      .on(priced, { name: "note", handle: ({ data }) => void seen.push(structuredClone(data)) });
    await using stage = await Stage.open(make(), payment);
    const sent = (orderId: string) => ({ orderId, amount: 100, items: ["book", "pen"] });
    await stage.hear(
      ...["good", "bad", "again"].map((id) => envelope(priced, `saga ${id}`, sent(id))),
    );
    const runs = ["good", "good", "bad", "again", "again", "again", "again"].map(sent);
    await eventually("all have run", () => seen.length, runs.length);
    expect(seen).toHaveLength(runs.length);
    for (const run of runs) expect(seen).toContainEqual(run);
    for (const run of seen) expect(runs).toContainEqual(run);
  });

  it("deadline unparsed: a deadline's handler gets what its contract parses", async () => {
    const offered = event(
      "seller.offered.v1",
      z.object({ until: z.coerce.date(), rounds: z.number().default(3) }),
    );
    const buyer = service<unknown>("buyer").deadline(offered, {
      after: 20,
      unless: [took],
      emits: [lapsed],
      handle: ({ data }) => lapsed({ rounds: data.rounds, year: data.until.getUTCFullYear() }),
    });
    await using stage = await Stage.open(make(), buyer);
    await stage.hear(envelope(offered, "s", { until: "2026-01-02T03:04:05.000Z" }));
    stage.clock.advance(1_000);
    await eventually("it lapses", () => stage.emitted.length, 1);
    expect(stage.emitted[0]?.data).toEqual({ rounds: 3, year: 2026 });
  });
});
