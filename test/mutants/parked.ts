import assert from "node:assert/strict";
import { event, PermanentError, service } from "odori";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/sqlite";
import { z } from "zod";
import { timeGroups } from "../../src/ports/birth.ts";
import { authorized, placed, refunded, reservationFailed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope } from "../support/stage.ts";
import { type Play, playing } from "./play.ts";

/** What is parked and why, of sagas that retention has forgotten and of others. */
export function parkedScenarios({ describe, it }: Runner): void {
  const data = { orderId: "s" };
  const play = playing(it);

  describe("what is parked", () => {
    const old = { id: "0190f5c2-0000-7000-8000-000000000000" };
    play(
      "an undo in a saga that retention has forgotten is parked",
      {},
      async ({ app, hear, seen }) => {
        await hear(envelope(reservationFailed, "s", data, old));
        const [parked] = await app.inspect.deferred(["parked"], 1);
        assert.equal(parked?.problem?.code, "FENCE_FORGOTTEN");
        assert.deepEqual(seen, []);
      },
    );

    const broken = () => {
      throw new PermanentError("no such account");
    };
    const parkedCodes = async (app: Play["app"]) =>
      (await app.inspect.deferred(["parked"], 9)).map(({ problem }) => problem?.code);
    // Declared by the test that needs it: other mutants break declarations.
    const convertingTo = () =>
      event("payment.failed.v2", z.object({ code: z.string() }), {
        to: [
          event("payment.failed.v1", z.object({ reason: z.string() })),
          ({ code }) => ({ reason: JSON.parse(code) }),
        ],
      });
    play(
      "a delivery whose onParked event has no older version is parked without it",
      {
        get service() {
          const failed2 = convertingTo();
          return service<Sql>("payment").on(placed, {
            emits: [authorized],
            onParked: { emits: failed2, handle: () => failed2({ code: "7" }) },
            handle: broken,
          });
        },
      },
      async ({ app, hear }) => {
        void hear(envelope(placed, "s", data)).catch(() => {});
        await eventually("it is parked", () => parkedCodes(app), ["PERMANENT"], 3_000);
      },
    );

    let open = true;
    const offered = event(
      placed.type,
      z.object({ orderId: z.string() }).refine(() => open, "the offer has ended"),
    );
    play(
      "a payload that is no longer valid does not hide why its handler failed",
      {
        service: service<Sql>("payment").on(offered, {
          emits: [authorized],
          handle() {
            open = false;
            return broken();
          },
        }),
      },
      async ({ app, hear }) => {
        open = true;
        await hear(envelope(placed, "s", data));
        assert.deepEqual(await parkedCodes(app), ["PERMANENT"]);
      },
    );

    play(
      "a step in a saga that retention has forgotten is not said to have failed",
      {
        service: service<Sql>("payment").on(placed, {
          emits: [authorized],
          onParked: { emits: refunded, handle: () => refunded(data) },
          handle: broken,
        }),
      },
      async ({ app, hear, seen }) => {
        await hear(envelope(placed, "s", data, old));
        assert.deepEqual(await parkedCodes(app), ["FENCE_FORGOTTEN"]);
        assert.deepEqual(seen, []);
      },
    );

    let charges = 0;
    play(
      "a person accepts a forgotten saga for every later attempt",
      {
        service: service<Sql>("payment").on(placed, {
          emits: [authorized],
          handle() {
            if (++charges === 1) broken();
            return authorized(data);
          },
        }),
      },
      async ({ app, hear }) => {
        charges = 0;
        await hear(envelope(placed, "s", data, old));
        const retry = async () => {
          const [row] = await app.inspect.deferred(["parked"], 1);
          await app.inspect.retry(row?.seq ?? -1);
        };
        await retry();
        await eventually("its handler fails", () => parkedCodes(app), ["PERMANENT"]);
        await retry();
        await eventually("it runs once more", () => charges, 2, 3_000);
      },
    );

    play(
      "what is emitted carries its saga's birth, caused from outside or not",
      {},
      async ({ hear, seen }) => {
        const born = timeGroups(Date.now() - 60_000);
        await hear(envelope(placed, "s", data, { id: `${born}-7000-8000-000000000000` }));
        await hear(envelope(reservationFailed, "s", data, { id: "evt_1" }));
        await eventually("both are out", () => seen.length, 2);
        assert.deepEqual(
          seen.map(({ id }) => id.slice(0, 13)),
          [born, born],
        );
      },
    );
  });
}
