import { join } from "node:path";
import { type Store, start } from "odori";
import { memoryBus } from "odori/memory";
import { describe, expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";
import { failed, payment, placed } from "./fixtures/charging.ts";

/** A place that `--data` names, with the database of one service. */
export interface Place extends AsyncDisposable {
  readonly data: string;
  store(): Store<unknown>;
}

const module = (name: string) => join(ROOT, "test", "cli", "fixtures", `${name}.ts`);

/** What the command says of services whose databases are in a place of some kind. */
export function placeCases(kind: string, make: () => Promise<Place>): void {
  describe(`the command reads services on ${kind}`, () => {
    it("diff --data counts what the sagas in flight would lose, and changes nothing", async () => {
      await using place = await make();
      await half(place);
      const refused = await odori(["diff", module("booking"), "--data", place.data]);
      expect(refused).toMatchObject({ status: 1, err: "" });
      expect(refused.out).toMatch(/EFFECT_GONE {2}payment: .*payment\.charged.*\(1 row, /);
      const json = await odori(["diff", module("booking"), "--data", place.data, "--json"]);
      expect(JSON.parse(json.out)).toMatchObject({
        services: [
          {
            service: "payment",
            declared: true,
            hazards: expect.arrayContaining([
              expect.objectContaining({ code: "EFFECT_GONE", count: 1 }),
            ]),
          },
        ],
      });
      const same = await odori(["diff", module("charging"), "--data", place.data]);
      expect(same).toMatchObject({ status: 0, err: "" });
      expect(same.out).toContain("payment: sagas in flight lose nothing");
    });

    it("parked check says what fits now, and retry chooses by reaction and error", async () => {
      await using place = await make();
      await half(place);
      const check = (name: string) =>
        odori(["parked", "check", module(name), "--data", place.data, "--json"]);
      const old = await check("charging");
      expect(old.status).toBe(1);
      expect(JSON.parse(old.out)).toMatchObject({
        parked: [{ reaction: "undo payment.charged", fits: false }],
      });
      const wider = await check("tolerant");
      expect(wider.status).toBe(0);
      expect(JSON.parse(wider.out)).toMatchObject({ parked: [{ sagaId: "s-2", fits: true }] });
      const text = await odori(["parked", "check", module("booking"), "--data", place.data]);
      expect(text.out).toContain("the service has no reaction undo payment.charged");
      const retry = (reaction: string, code: string) => {
        const chosen = ["--all", "--reaction", reaction, "--code", code, "--rate", "100"];
        return odori(["parked", "retry", ...chosen, "--json", "--data", place.data]);
      };
      for (const other of [
        await retry("order.placed", "PAYLOAD_INVALID"),
        await retry("undo payment.charged", "SOURCE_UNKNOWN"),
      ])
        expect(JSON.parse(other.out)).toEqual({ changed: [] });
      const right = await retry("undo payment.charged", "PAYLOAD_INVALID");
      expect(JSON.parse(right.out)).toMatchObject({
        changed: [{ state: "retrying", sagaId: "s-2" }],
      });
    });

    it("trace and parked show a saga, and retry what is parked", async () => {
      await using place = await make();
      await half(place);
      const traced = await odori(["trace", "s-1", "--data", place.data, "--json"]);
      expect(JSON.parse(traced.out)).toMatchObject({
        steps: [{ service: "payment", disposition: "done", effect: "payment.charged" }],
      });
      const listed = await odori(["parked", "list", "--data", place.data]);
      expect(listed.status).toBe(1);
      expect(listed.out).toMatch(/payment\/\d+ +parked +undo payment\.charged +s-2 /);
      const id = listed.out.match(/payment\/\d+/)?.[0] ?? "";
      const retried = await odori(["parked", "retry", id, "--data", place.data]);
      expect(retried).toMatchObject({ status: 0, out: `${id} will be retried\n` });
      const none = await odori(["parked", "list", "--data", place.data]);
      expect(none).toMatchObject({ status: 0, out: "No deliveries are parked.\n" });
      const unknown = await odori(["trace", "nothing", "--data", place.data]);
      expect(unknown).toMatchObject({ status: 2, out: "" });
      expect(unknown.err).toContain('knows the saga "nothing"');
      expect(unknown.err).not.toContain("secret");
    });
  });
}

/** Leaves a saga that is charged, and one whose failure cannot be read. */
async function half(place: Place): Promise<void> {
  await using bus = closing(memoryBus(["payment", "audience"]));
  await bus.subscribe(
    { group: "audience", topics: ["payment.charged.v1"], inFlightMax: 9 },
    async () => {},
  );
  await using app = stopping(
    await start(payment, { store: place.store(), bus, logger: silent, pollMs: 5 }),
  );
  await bus.publish([envelope(placed, "s-1", { orderId: "o-1" })]);
  await bus.publish([envelope(failed, "s-2", { orderId: 2 })]);
  await eventually("its event is published", async () => (await app.inspect.counts()).outbox, 0);
}
