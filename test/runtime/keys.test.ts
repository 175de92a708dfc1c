import { event, PermanentError, service } from "odori";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const line = z.object({ item: z.string() });
const added = event("order.line_added.v1", line);
const refused = event("payment.refused.v1", z.object({}));
const reserved = event("stock.reserved.v1", line);
const released = event("stock.released.v1", z.object({}));

describe.each(kits)("effects with keys on $name", ({ make }) => {
  function fixture() {
    const kit = make();
    const stock = service<unknown>("stock")
      .on(added, {
        emits: [reserved],
        key: ({ data }) => data.item,
        handle({ data }, { tx }) {
          kit.effect("stock", tx, `reserve ${data.item}`);
          return reserved(data);
        },
      })
      .undo(reserved, {
        on: [refused],
        emits: [released],
        key: "all",
        handle(_, { tx }) {
          kit.effect("stock", tx, "release all");
          return released({});
        },
      });
    return { kit, stock };
  }
  const hear = async (stage: Stage<never>, item: string) =>
    stage.hear(envelope(added, "s", { item }));
  const dispositions = async (stage: Stage<never>) =>
    (await stage.app.inspect.journal("s")).map(({ disposition }) => disposition);

  it("keyed-orphan: an undo of all keys reverses them once, and bars each later step", async () => {
    const { kit, stock } = fixture();
    await using stage = await Stage.open(kit, stock);
    for (const item of ["book", "pen", "book"]) await hear(stage, item);
    await stage.hear(envelope(refused, "s", {}));
    await stage.hear(envelope(refused, "s", {}));
    await hear(stage, "lamp");
    await hear(stage, "pen");
    await eventually("all are handled", async () => (await dispositions(stage)).length, 7);
    expect(await dispositions(stage)).toEqual([
      "done",
      "done",
      "suppressed",
      "undone",
      "suppressed",
      "suppressed",
      "suppressed",
    ]);
    expect(await stage.effects()).toEqual(["reserve book", "reserve pen", "release all"]);
  });

  it("an undo of all keys with nothing to undo is answered, and bars each step", async () => {
    const { kit, stock } = fixture();
    await using stage = await Stage.open(kit, stock);
    await stage.hear(envelope(refused, "s", {}));
    await hear(stage, "book");
    await eventually("both are handled", async () => (await dispositions(stage)).length, 2);
    expect(await dispositions(stage)).toEqual(["barred", "suppressed"]);
    expect(stage.emittedTypes).toEqual(["stock.released.v1"]);
    expect(await stage.effects()).toEqual([]);
  });

  it("a deadline that is given up on emits its onParked event (deadline-parks)", async () => {
    const overdue = event("clock.struck.v1", z.object({}));
    const stopped = event("clock.stopped.v1", z.object({ why: z.string() }));
    const clock = service<unknown>("clock", { mayPark: true }).deadline(placed, {
      after: 1,
      unless: [cancelled],
      emits: [overdue],
      handle() {
        throw new PermanentError("no price");
      },
      onParked: {
        emits: stopped,
        handle: ({ valid, problem }) => stopped({ why: `${valid} ${problem.message}` }),
      },
    });
    await using stage = await Stage.open(make(), clock);
    await stage.hear(envelope(placed, "s", { orderId: "o" }));
    await eventually("it is answered", () => stage.emittedTypes, ["clock.stopped.v1"]);
    expect(await stage.app.inspect.deferred(["parked", "armed"], 10)).toEqual([]);
  });

  it("answered-twice: what the fence suppresses is not answered", async () => {
    const parked = event("stock.not_released.v1", z.object({}));
    const strict = event("payment.refused.v1", z.object({ reason: z.string() }));
    const stock = service<unknown>("stock")
      .on(added, { emits: [reserved], handle: ({ data }) => reserved(data) })
      .undo(reserved, {
        on: [strict],
        emits: [released],
        onEmpty: "silent",
        handle: () => released({}),
        onParked: { emits: parked, handle: () => parked({}) },
      });
    await using stage = await Stage.open(make(), stock);
    await hear(stage, "book");
    await stage.hear(envelope(strict, "s", { reason: "limit" }));
    await stage.hear(envelope(refused, "s", {}));
    await eventually("all are handled", async () => (await dispositions(stage)).length, 3);
    expect(await dispositions(stage)).toEqual(["done", "undone", "suppressed"]);
    expect(stage.emittedTypes).toEqual(["stock.reserved.v1", "stock.released.v1"]);
  });
});
