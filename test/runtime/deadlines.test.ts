import fc from "fast-check";
import { service } from "odori";
import { describe, expect, it } from "vitest";
import {
  authorized,
  completed,
  declined,
  expired,
  placed,
  reserved,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { arrivals, playTo } from "../support/happenings.ts";
import { kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const data = { orderId: "o" };

describe.each(kits)("deadlines on $name", ({ name, make }) => {
  // A restart of a file costs an fsync or two.
  const numRuns = name === "memory" ? 50 : 9;

  const order = () =>
    service<unknown>("order")
      .begins(placed)
      .deadline(placed, { after: "15m", unless: [authorized, declined], emits: [expired] });

  async function waiting(play: (stage: Stage<typeof placed>) => Promise<void>): Promise<void> {
    const kit = make();
    await using stage = await Stage.open(kit, order());
    await stage.app.begin("s", () => placed(data));
    await play(stage);
  }
  const payment = () =>
    service<unknown>("payment")
      .on(placed, { emits: [authorized], handle: (event) => authorized(event.data) })
      .on(reserved, {
        emits: [completed],
        readonly: true,
        handle: (event) => completed(event.data),
      })
      .deadline(authorized, { after: "1m", unless: [completed], emits: [expired] });
  const armed = (stage: Stage<typeof placed>) => stage.app.inspect.deferred(["armed"], 10);

  it("it fires once when its time has passed, with the payload of what armed it", () =>
    waiting(async (stage) => {
      expect((await armed(stage)).length).toBe(1);
      stage.clock.advance(15 * 60_000);
      await eventually(
        "it fires",
        () => stage.emittedTypes,
        (types) => types.includes("order.expired.v1"),
      );
      expect(stage.emitted.find(({ type }) => type === "order.expired.v1")?.data).toEqual(data);
      stage.clock.advance(60 * 60_000);
      await stage.restart();
      await stage.hear(envelope(authorized, "s", data));
      expect(stage.emittedTypes.filter((type) => type === "order.expired.v1").length).toBe(1);
      expect(await armed(stage)).toEqual([]);
    }));

  it("it survives a restart", () =>
    waiting(async (stage) => {
      await stage.restart();
      stage.clock.advance(15 * 60_000);
      await eventually(
        "it fires",
        () => stage.emittedTypes,
        (types) => types.includes("order.expired.v1"),
      );
    }));

  it("hearing one of unless calls it off, for good", () =>
    waiting(async (stage) => {
      await stage.hear(envelope(authorized, "s", data));
      expect(await armed(stage)).toEqual([]);
      stage.clock.advance(60 * 60_000);
      await stage.restart();
      await stage.hear(envelope(declined, "t", data));
      expect(stage.emittedTypes).not.toContain("order.expired.v1");
      expect((await stage.app.inspect.journal("s")).map(({ disposition }) => disposition)).toEqual([
        "begun",
        "disarmed",
      ]);
    }));

  it("what it waits for may come before what arms it", async () => {
    const watcher = () =>
      service<unknown>("watcher").deadline(placed, {
        after: 1_000,
        unless: [authorized],
        emits: [expired],
      });
    const property = fc.asyncProperty(arrivals([placed, authorized]), (happenings) =>
      playTo(make(), watcher(), happenings, data, async (stage) => {
        stage.clock.advance(2_000);
        await stage.hear(envelope(placed, "other saga", data));
        stage.clock.advance(2_000);
        await eventually("the other saga expires", () => stage.emitted.length > 0);
        expect(stage.emitted.map(({ sagaId }) => sagaId)).toEqual(["other saga"]);
      }),
    );
    await fc.assert(property, { numRuns });
  });

  it("what the service emits itself arms and calls off, in the same commit", async () => {
    await playTo(make(), payment(), [placed], data, async (stage) => {
      expect((await stage.app.inspect.deferred(["armed"], 10)).length).toBe(1);
      await stage.hear(envelope(reserved, "s", data));
      expect(await stage.app.inspect.deferred(["armed"], 10)).toEqual([]);
    });
  });

  it("what the service emits itself is heard where it comes from elsewhere", async () => {
    await playTo(make(), payment(), [placed], data, async (stage) => {
      const dispositions = async () =>
        (await stage.app.inspect.journal("s")).map(({ disposition }) => disposition);
      await stage.hear({ ...envelope(authorized, "s", data), source: "/payment" });
      expect(await dispositions()).toEqual(["done"]);
      await stage.hear({ ...envelope(completed, "s", data), source: "/elsewhere" });
      expect(await dispositions()).toEqual(["done", "disarmed"]);
      await stage.hear({ ...envelope(authorized, "t", data), source: "/elsewhere" });
      expect((await armed(stage)).map(({ sagaId }) => sagaId)).toEqual(["t"]);
    });
  });

  it("a handler that fails is retried, and parked in the end", async () => {
    let failures = 0;
    const failing = () =>
      service<unknown>("order")
        .begins(placed)
        .deadline(placed, {
          after: 1,
          unless: [authorized],
          emits: [expired],
          handle(event) {
            if (++failures <= 4) throw new Error("not now");
            return expired(event.data);
          },
        });
    const kit = make();
    await using stage = await Stage.open(kit, failing());
    await stage.app.begin("s", () => placed(data));
    await eventually(
      "it is parked",
      async () => (await stage.app.inspect.deferred(["parked"], 1)).length,
      1,
    );
    const [parked] = await stage.app.inspect.deferred(["parked"], 1);
    expect(parked?.attempts).toBe(3);
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually(
      "it fires after all",
      () => stage.emittedTypes,
      (types) => types.includes("order.expired.v1"),
    );
  });
});
