import { event, service } from "odori";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { completed, expired, placed, reserved } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const orderId = z.string();
const v1 = event("payment.authorized.v1", z.object({ orderId }));
const v2 = event("payment.authorized.v2", z.object({ orderId, currency: z.string() }), {
  from: [v1, (old) => ({ ...old, currency: "JPY" })],
  to: [v1, ({ currency: _, ...rest }) => rest],
});
const v3 = event(
  "payment.authorized.v3",
  z.object({ orderId, currency: z.string(), cents: z.int() }),
  {
    from: [v2, (old) => ({ ...old, cents: 0 })],
    to: [v2, ({ cents: _, ...rest }) => rest],
  },
);
const booked = event("ledger.booked.v1", z.object({ orderId, what: z.string() }));
const data = { orderId: "o" };

describe.each(kits)("versions of an event on $name", ({ make }) => {
  it("version 3 also hears 2 and 1; one fact in all versions is handled once", async () => {
    const kit = make();
    const ledger = service<unknown>("ledger").on(v3, {
      readonly: true,
      emits: [booked],
      handle: ({ data, type }) =>
        booked({ orderId: data.orderId, what: `${type} ${data.currency} ${data.cents}` }),
    });
    await using stage = await Stage.open(kit, ledger);
    const same = { id: "same" };
    await stage.hear(envelope(v1, "a", data));
    await stage.hear(
      envelope(v2, "b", { ...data, currency: "EUR" }, same),
      envelope(v1, "b", data, same),
      envelope(v3, "b", { ...data, currency: "EUR", cents: 5 }, same),
    );
    await eventually("both are booked", () => stage.emitted.length, 2);
    expect(stage.emitted.map((one) => one.data)).toEqual([
      { orderId: "o", what: "payment.authorized.v3 JPY 0" },
      { orderId: "o", what: "payment.authorized.v3 EUR 0" },
    ]);
  });

  it("version 3 is published as 2 and 1 too, with one id; an undo finds the effect", async () => {
    const kit = make();
    const payment = service<unknown>("payment")
      .on(placed, {
        emits: [v3],
        handle: ({ data }) => v3({ ...data, currency: "JPY", cents: 7 }),
      })
      .undo(v3, { on: [expired], emits: [completed], handle: ({ data }) => completed(data) });
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    await eventually("all versions are published", () => stage.emitted.length, 3);
    expect(stage.emitted.map(({ type, data }) => [type, data])).toEqual([
      ["payment.authorized.v3", { orderId: "o", currency: "JPY", cents: 7 }],
      ["payment.authorized.v2", { orderId: "o", currency: "JPY" }],
      ["payment.authorized.v1", { orderId: "o" }],
    ]);
    expect(new Set(stage.emitted.map(({ id, source }) => `${source} ${id}`)).size).toBe(1);
    const [entry] = await stage.app.inspect.journal("s");
    expect(entry?.emitted).toHaveLength(1);
    await stage.hear(envelope(expired, "s", data));
    await eventually("the undo has run", () => stage.emittedTypes.includes(completed.type));
  });

  it("retries, gathered events and armed deadlines of version 1 end under version 2", async () => {
    const kit = make();
    const heard = (contract: typeof v1 | typeof v2, fails: boolean) =>
      service<unknown>("ledger")
        .on(contract, {
          readonly: true,
          emits: [booked],
          handle({ data }) {
            if (fails) throw new Error("passing");
            return booked({ orderId: data.orderId, what: JSON.stringify(data) });
          },
        })
        .onAll([contract, reserved], {
          name: "both",
          readonly: true,
          emits: [completed],
          handle: ([{ data }]) => completed({ orderId: JSON.stringify(data) }),
        })
        .deadline(contract, {
          after: "1m",
          unless: [placed],
          emits: [expired],
          handle: ({ data }) => expired({ orderId: JSON.stringify(data) }),
        });
    const options = { retry: { attempts: 9, firstMs: 60_000, longestMs: 60_000 } };
    await using stage = await Stage.open(kit, heard(v1, true), options);
    await stage.hear(envelope(v1, "s", data));
    await stage.deploy(heard(v2, false));
    await stage.hear(envelope(reserved, "s", data));
    stage.clock.advance(120_000);
    await eventually("all three have ended", () => stage.emitted.length, 3);
    const upcast = JSON.stringify({ orderId: "o", currency: "JPY" });
    expect(new Map(stage.emitted.map(({ type, data }) => [type, data]))).toEqual(
      new Map<string, unknown>([
        [booked.type, { orderId: "o", what: upcast }],
        [completed.type, { orderId: upcast }],
        [expired.type, { orderId: upcast }],
      ]),
    );
  });

  it("a version that the conversion cannot make is parked, as it was received", async () => {
    const kit = make();
    const strict = event(
      "payment.authorized.v2",
      z.object({ orderId, currency: z.string().min(3) }),
      {
        from: [v1, (old) => ({ ...old, currency: "" })],
      },
    );
    const ledger = service<unknown>("ledger").on(strict, { readonly: true, handle() {} });
    await using stage = await Stage.open(kit, ledger);
    await stage.hear(envelope(v1, "s", data));
    const [row] = await stage.app.inspect.deferred(["parked"], 9);
    expect(row?.problem?.code).toBe("PAYLOAD_INVALID");
    expect(row?.body.text).toContain("payment.authorized.v1");
  });
});
