import { join } from "node:path";
import { type Store, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { describe, expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";
import { failed, payment, placed } from "./fixtures/charging.ts";
import { opened, shop } from "./fixtures/shopping.ts";

/** A place that `--data` names, with the database of one service. */
export interface Place extends AsyncDisposable {
  readonly data: string;
  store(): Store<unknown>;
  /** Runs a statement on the table of deferred deliveries, for which `$T` stands. */
  change(statement: string): Promise<void>;
}

const CLOSED = "order.closed.v1";

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

    it("sagas lists them by state, age and correlation, page by page", async () => {
      await using place = await make();
      await several(place);
      const list = (...flags: readonly string[]) => listed(place, flags);
      const ends = ["--source", module("shopping")];
      expect(await list(...ends)).toMatchObject({
        status: 1,
        found: ["s-waits waiting", "s-parked parked", "s-stuck stuck", "s-done succeeded"],
      });
      expect((await list("--state", "rest", "waiting")).found).toEqual([
        "s-waits waiting",
        "s-stuck rest",
        "s-done rest",
      ]);
    });

    it("sagas finds those that are stuck, waiting, or of one correlation id", async () => {
      await using place = await make();
      await several(place);
      const list = (...flags: readonly string[]) => listed(place, flags);
      const ends = ["--source", module("shopping")];
      const stuck = await list("--stuck", ...ends);
      expect(stuck).toMatchObject({ status: 1, found: ["s-stuck stuck"] });
      const rests = { service: "payment", disposition: "done", at: expect.stringMatching(/Z$/) };
      expect(stuck.sagas).toMatchObject([{ open: [], rests }]);
      expect(await list("--older", "1h", ...ends)).toMatchObject({ status: 0, found: [] });
      const waiting = await list("--state", "waiting");
      expect(waiting).toMatchObject({ status: 0, found: ["s-waits waiting"] });
      const web = await list("--correlation", "web-done", ...ends);
      expect(web.sagas).toMatchObject([
        { sagaId: "s-done", correlationId: "web-done", duplicates: 1, end: { type: CLOSED } },
      ]);
    });

    it("sagas goes on with the next page, and names what a saga waits for", async () => {
      await using place = await make();
      await several(place);
      const first = await listed(place, ["--limit", "3"]);
      expect(first.found.length).toBe(3);
      const second = await listed(place, ["--limit", "3", "--after", first.after]);
      expect(second).toMatchObject({ found: ["s-done rest"], after: undefined });
      const text = await odori(["sagas", "--data", place.data, "--state", "parked"]);
      expect(text.out).toMatch(/s-parked +parked +payment\/\d+: order\.opened parked for /);
      const unknown = await odori(["sagas", "--data", place.data, "--stuck"]);
      expect(unknown).toMatchObject({ status: 2, out: "" });
      expect(unknown.err).toContain("the ends of the sagas are not known");
    });

    it("ids of any length and signs leave the table, and the place of a page, usable", async () => {
      await using place = await make();
      await using bus = closing(memoryBus(["payment"]));
      await using app = stopping(
        await start(shop, { store: place.store(), bus, logger: silent, pollMs: 5 }),
      );
      const ids = ["it's $(id) \u202e*~%", "s-1", "x".repeat(256)];
      for (const id of ids) await app.begin(id, () => opened({ orderId: "silent" }));
      const seen: string[] = [];
      let flags: readonly string[] = [];
      for (let pages = 0; pages < 4; pages++) {
        const { found, after } = await listed(place, ["--limit", "1", ...flags]);
        seen.push(...found.map((saga) => saga.replace(/ \w+$/, "")));
        if (after === undefined) break;
        expect(after).toMatch(/^[\w.~%:-]+$/);
        flags = ["--after", after];
      }
      expect(seen.toSorted()).toEqual(ids);
      const { out } = await odori(["sagas", "--data", place.data]);
      expect(out.split("\n").filter((line) => line.length > 200)).toHaveLength(1);
    });

    it("trace --correlation shows each saga, ids, and duplicates that were ignored", async () => {
      await using place = await make();
      await several(place);
      const args = ["trace", "--correlation", "web-done", "--data", place.data];
      const text = await odori([...args, "--ids"]);
      expect(text).toMatchObject({ status: 0, err: "" });
      const [head, began, handled] = text.out.split("\n");
      expect(head).toBe("s-done  correlation web-done");
      const id = /id=(\S+)/.exec(began ?? "")?.[1] ?? "?";
      expect(handled).toContain("(1 duplicate ignored)");
      expect(handled).toContain(`id=${id}`);
      const json = JSON.parse((await odori([...args, "--json"])).out);
      expect(json.sagas).toMatchObject([
        {
          sagaId: "s-done",
          correlationId: "web-done",
          steps: [{}, { duplicates: 1, eventId: id }],
        },
      ]);
      const none = await odori(["trace", "--correlation", "web-9", "--data", place.data]);
      expect(none).toMatchObject({ status: 2, out: "" });
      expect(none.err).not.toContain("secret");
    });

    it("trace says why a saga stands where it does, and what may follow", {
      timeout: 120_000,
    }, async () => {
      await using place = await make();
      await several(place);
      const trace = async (...args: readonly string[]) => {
        const { err, out } = await odori(["trace", "--data", place.data, ...args]);
        expect(err).toBe("");
        return out;
      };
      const ends = ["--source", module("shopping")];
      expect(await trace("s-done", ...ends)).not.toMatch(/WHY|NEXT/);
      const stuck = await trace("s-stuck", ...ends);
      expect(stuck).toMatch(/^WHY .*nothing is left to happen/m);
      expect(stuck).toMatch(/^ +it rests at payment: order\.opened done .* ago$/m);
      expect(JSON.parse(await trace("s-stuck", ...ends, "--json"))).toMatchObject({
        rests: { service: "payment", reaction: "order.opened", disposition: "done", emitted: [] },
      });
      const waits = await trace("s-waits");
      expect(waits).toMatch(/^WHY +payment waits for its deadline order\.late, due in 6 d$/m);
      expect(waits).toMatch(/^MAY STILL HAPPEN +1 of 4 events: order\.late$/m);
      expect(waits).toMatch(/^CANNOT ANY MORE +order\.closed$/m);
      expect(waits).not.toContain("ENDS");
      const parked = await trace("s-parked", ...ends);
      expect(parked).toMatch(/^WHY +payment has given up on order\.opened .*retry payment\/\d+$/m);
      expect(parked).toMatch(/if it succeeds: order\.closed \(success\)$/m);
      expect(parked).toMatch(/^ENDS +as it is: no end, wrongly \(PARKED_STUCK/m);
      expect(JSON.parse(await trace("s-parked", ...ends, "--json"))).toMatchObject({
        state: "parked",
        waitsFor: [{ service: "payment", state: "parked" }],
        outlook: { ahead: { bad: ["no end"], complete: true }, next: [{ service: "payment" }] },
      });
    });

    it("an event from before its hearer is unheard, until republish sends it again", {
      timeout: 300_000,
    }, async () => {
      await using place = await make();
      await unheard(place);
      const ends = ["--source", module("shopping")];
      const sagas = (...flags: readonly string[]) => listed(place, [...ends, ...flags]);
      expect(await sagas("--state", "unheard")).toMatchObject({
        status: 1,
        found: ["s-early unheard"],
        sagas: [{ open: [{ service: "payment", type: "order.opened.v1", state: "unheard" }] }],
      });
      const trace = await odori(["trace", "s-early", "--data", place.data, ...ends]);
      expect(trace.out).toMatch(/^WHY +payment has never got order\.opened, .* ago$/m);
      expect(trace.out).toContain("nothing delivers it again: odori republish s-early");
      const republish = (...flags: readonly string[]) =>
        odori(["republish", "s-early", "--data", place.data, ...flags]);
      for (const [flags, code] of [
        [[], "EVENT_NOT_KEPT"],
        [["--payload", '{"orderId":1}'], "PAYLOAD_INVALID"],
        [["--event", "order.closed.v1"], "NOT_UNHEARD"],
      ] as const)
        expect(await republish(...flags)).toMatchObject({
          ...{ status: 2, out: "" },
          err: expect.stringMatching(`^${code}: `),
        });
      await using bus = closing(memoryBus(["payment"]));
      await using app = stopping(
        await start(shop, { store: place.store(), bus, logger: silent, pollMs: 5 }),
      );
      const sent = await republish("--payload", '{"orderId":"done"}');
      expect(sent).toMatchObject({
        ...{ status: 0, err: "" },
        out: "order.opened is published again, for payment\n",
      });
      const handled = async () =>
        (await app.inspect.journal("s-early")).some(({ disposition }) => disposition === "done");
      await eventually("it is handled", handled, true);
      expect(await sagas()).toMatchObject({ status: 0, found: ["s-early succeeded"] });
      expect((await republish()).err).toMatch(/^NOT_UNHEARD: /);
    });

    it("ledger accounts for every event, and goes on where it has ended", {
      timeout: 120_000,
    }, async () => {
      await using place = await make();
      await several(place);
      using folder = temporaryFolder("ledger");
      const kept = ["--projection", join(folder.path, "ledger.db")];
      const args = ["ledger", "--data", place.data, "--source", module("shopping"), ...kept];
      const first = await odori(args);
      expect(first).toMatchObject({ status: 1, err: "" });
      expect(first.out).toMatch(/^parked +1\nsucceeded +1\nwaiting +1\nstuck +1\n/);
      expect(first.out).toMatch(/^order\.opened +payment +4 +3 +0 +1 +0 +0$/m);
      expect(first.out).toContain("Every event is accounted for.");
      const second = await odori([...args, "--json"]);
      expect(JSON.parse(second.out)).toMatchObject({
        rows: 0,
        missing: 0,
        verdicts: { parked: 1, succeeded: 1, waiting: 1, stuck: 1 },
        ledger: [
          { stem: "order.opened", emitted: 4, handled: 3, discarded: 0, putOff: 1, onItsWay: 0 },
        ],
      });
    });

    it("doctor names a service without a process, and how long deliveries wait", async () => {
      await using place = await make();
      await several(place);
      const [parked] = JSON.parse(
        (await odori(["parked", "list", "--data", place.data, "--json"])).out,
      ).parked;
      const calm = await odori(["doctor", "--data", place.data]);
      expect(calm.out).toMatch(/ok +payment +no process\n/);
      await odori(["parked", "retry", parked.id, "--data", place.data]);
      await backdate(place);
      const { status, out } = await odori(["doctor", "--data", place.data]);
      expect(status).toBe(1);
      expect(out).toMatch(/error +payment +no process, 1 waiting for 3 min/);
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
      expect(none.status).toBe(0);
      expect(none.out).toMatch(/^Nothing is parked in \S+\n$/);
      expect(none.out).not.toContain("secret");
      const unknown = await odori(["trace", "nothing", "--data", place.data]);
      expect(unknown).toMatchObject({ status: 2, out: "" });
      expect(unknown.err).toContain('knows the saga "nothing"');
      expect(unknown.err).not.toContain("secret");
    });
  });
}

/** Puts what is deferred 200 s back. */
async function backdate(place: Place): Promise<void> {
  await place.change("UPDATE $T SET at = at - 200000");
}

/** What `odori sagas` lists: ids and states, and where the next page begins. */
async function listed(place: Place, flags: readonly string[]) {
  const ran = await odori(["sagas", "--data", place.data, "--json", ...flags]);
  expect(ran.err).toBe("");
  const { sagas, after } = JSON.parse(ran.out);
  const found: readonly string[] = sagas.map((one: { sagaId: string; state: string }) => {
    return `${one.sagaId} ${one.state}`;
  });
  return { status: ran.status, found, after, sagas };
}

/** Leaves sagas in several states: one is stuck, one is parked, and one waits for a deadline. */
async function several(place: Place): Promise<void> {
  await using bus = closing(memoryBus(["payment"]));
  await using app = stopping(
    await start(shop, { store: place.store(), bus, logger: silent, pollMs: 5 }),
  );
  const begin = (id: string, kind: string) =>
    app.begin(id, () => opened({ orderId: kind }), { correlationId: `web-${kind}` });
  for (const [id, kind] of [
    ["s-done", "done"],
    ["s-stuck", "silent"],
    ["s-parked", "wrong"],
  ] as const)
    await begin(id, kind);
  await app.begin("s-waits", () => opened({ orderId: "slow" }));
  const again = (await app.inspect.journal("s-done")).find(({ reaction }) => reaction === "begin");
  const repeated = envelope(opened, "s-done", { orderId: "done" }, { id: again?.id ?? "" });
  await eventually("each is handled", async () => {
    const { outbox, deferred } = await app.inspect.counts();
    return [outbox, deferred.parked, deferred.armed];
  }, [0, 1, 1]);
  await bus.publish([{ ...repeated, source: "/payment" }]);
  expect((await app.health()).duplicates).toBe(1);
}

/** Leaves a saga whose beginning was published before the service heard it. */
async function unheard(place: Place): Promise<void> {
  await using bus = closing(memoryBus(["payment"]));
  for (const version of [service("payment").begins(opened), shop]) {
    await using app = stopping(
      await start(version, { store: place.store(), bus, logger: silent, pollMs: 5 }),
    );
    if (version !== shop) await app.begin("s-early", () => opened({ orderId: "done" }));
    const outbox = async () => (await app.inspect.counts()).outbox;
    await eventually("its event is published", outbox, 0);
  }
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
