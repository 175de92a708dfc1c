import { event, PermanentError, Service } from "odori";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type AnyService,
  type Change,
  chargeKeyed,
  chargeReadonly,
  chargeSecond,
  chargeV1,
  data,
  payment,
  secondWithoutUndo,
  withoutUndo,
} from "../support/charges.ts";
import { authorized, completed, expired, placed, reserved } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import type { KitKind } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const payload = z.object({ orderId: z.string() });

/** What a declaration is compared with at start, on each kind of databases. */
export function hazardCases({ name, make }: KitKind): void {
  describe(`a declaration is compared with the database on ${name}`, () => {
    const approval = (deadline: boolean, retired: Record<string, string> = {}): AnyService => {
      const asks = payment(retired).on(placed, {
        emits: [authorized],
        handle: () => authorized(data),
      });
      if (!deadline) return asks;
      return asks.deadline(authorized, { after: "1m", unless: [reserved], emits: [expired] });
    };

    it.each<[string, string, Change, Change]>([
      ["EFFECT_GONE", "effect payment.authorized", secondWithoutUndo, chargeSecond],
      ["KEYING_CHANGED", "key payment.authorized", chargeV1, chargeKeyed],
      ["KEYING_CHANGED", "key payment.authorized", chargeKeyed, chargeV1],
      ["READONLY_CHANGED", "readonly order.placed", chargeReadonly, chargeV1],
      ["UNDO_GONE", "undo payment.authorized", chargeV1, withoutUndo],
      ["DEADLINE_GONE", "deadline order.expired", () => approval(true), () => approval(false)],
    ])("and refuses %s, unless %s is retired", async (code, key, was, next) => {
      const kit = await make();
      await using stage = await Stage.open(kit, was(kit));
      await stage.hear(envelope(placed, "s", data));
      await eventually("it is emitted", () => stage.emitted.length > 0);
      const refused = stage.deploy(next(kit));
      await expect(refused).rejects.toMatchObject({
        code: "DEPLOYMENT_HAZARD",
        message: expect.stringContaining(`${code}:`),
      });
      await expect(refused).rejects.toThrow(`"${key}": "<reason>"`);
      // The old declaration has run here before, and starts again.
      await stage.deploy(was(kit));
      const { declaration } = next(kit);
      const accepted = { ...declaration, retired: { [key]: "tested" } };
      await stage.deploy(new Service(accepted, [], []));
      expect((await stage.app.health()).state).toBe("ready");
    });

    it("a retired deadline is dropped when it is due, and its saga is left alone", async () => {
      const kit = await make();
      await using stage = await Stage.open(kit, approval(true));
      await stage.hear(envelope(placed, "s", data));
      await stage.deploy(approval(false, { "deadline order.expired": "the answer is not needed" }));
      await stage.advance(120_000);
      await eventually("its row is gone", async () => {
        const rows = await stage.app.inspect.deferred(["armed", "parked", "retrying"], 9);
        return rows.length === 0;
      });
      expect(stage.emittedTypes).toEqual([authorized.type]);
    });

    it("an old process leaves what only a new one knows (rolling-deploy-deadline)", async () => {
      const kit = await make();
      await using stage = await Stage.open(kit, approval(false));
      await stage.deploy(approval(true));
      await stage.hear(envelope(placed, "s", data));
      await stage.deploy(approval(false));
      await stage.advance(120_000);
      await eventually(
        "it sees a deadline that it does not know",
        async () => (await stage.app.health()).unknown?.["deadline order.expired"],
        1,
      );
      expect(await stage.app.inspect.deferred(["parked"], 9)).toEqual([]);
      await stage.deploy(approval(true));
      await eventually("the new one expires it", () => stage.emittedTypes.includes(expired.type));
    });

    it("a join that waits for one event more is refused while it has gathered", async () => {
      const kit = await make();
      const old = payment().onAll([authorized, reserved], { name: "ship", handle() {} });
      const wider = payment().onAll([authorized, reserved, completed], {
        name: "ship",
        handle() {},
      });
      await using stage = await Stage.open(kit, old);
      await stage.hear(envelope(authorized, "s", data));
      await expect(stage.deploy(wider)).rejects.toThrow("JOIN_CHANGED: ship waits for");
    });

    it("a payload that the new contract refuses is refused before it is handled", async () => {
      const kit = await make();
      const strict = event("order.placed.v1", payload.extend({ currency: z.string() }));
      const hears = (contract: typeof placed | typeof strict) =>
        payment().on(contract, {
          handle() {
            throw new Error("passing");
          },
        });
      const options = { retry: { attempts: 9, firstMs: 60_000, longestMs: 60_000 } };
      await using stage = await Stage.open(kit, hears(placed), options);
      await stage.hear(envelope(placed, "s", data));
      await expect(stage.deploy(hears(strict))).rejects.toThrow("BODY_MISFIT");
    });

    it("a name that is changed without was is refused, with or without rows", async () => {
      const kit = await make();
      const named = (name: string, firstOf: string) =>
        payment().on(placed, {
          name,
          firstOf,
          readonly: true,
          handle() {
            throw new PermanentError("never");
          },
        });
      await using stage = await Stage.open(kit, named("count", "end"));
      await stage.hear(envelope(placed, "s", data));
      await expect(stage.deploy(named("tally", "end"))).rejects.toThrow(
        /REACTION_GONE: .*count[\s\S]*DEDUP_LOST: count/,
      );
    });
  });
}
