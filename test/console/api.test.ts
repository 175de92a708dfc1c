import { StoreUnavailableError } from "odori";
import type { JournalSource } from "odori/console";
import { manifestOf } from "odori/manifest";
import { sqlite } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import order from "../../examples/order/choreography.ts";
import { sampleEntry, writes } from "../../src/conformance/samples.ts";
import { mapGraph } from "../../src/console/map-graph.ts";
import { placeBoxes } from "../../src/draw/layout.ts";
import { eventually } from "../support/eventually.ts";
import { ConsoleStage, type Kind } from "./stage.ts";

const KINDS: readonly Kind[] = ["done", "silent", "wrong", "slow", "done", "wrong"];

describe("the console's API", () => {
  it("says what it is, and what sagas there are by verdict", async () => {
    await using stage = await ConsoleStage.open(KINDS);
    expect((await stage.ask("/api/v1/about")).body).toMatchObject({
      allowed: [],
      choreography: { name: "shopping", begins: ["order.opened.v1"], endsKnown: true },
      services: ["payment"],
    });
    const { totals, ledger, unread } = await stage.live();
    expect(totals).toEqual({ succeeded: 2, stuck: 1, parked: 2, waiting: 1 });
    expect([ledger?.unexplained, unread]).toEqual([0, []]);
    await eventually("the map knows it", async () => (await stage.live()).nodes?.payment?.waiting, {
      ...{ parked: 2, stuck: 1, waiting: 1 },
    });
  });

  it("lists sagas by pages and filters, each saga once", async () => {
    await using stage = await ConsoleStage.open(KINDS);
    const list = async (query: string) => (await stage.ask(`/api/v1/sagas?${query}`)).body;
    const ids = async (query: string) =>
      (await list(query)).sagas.map(({ id }: { readonly id: string }) => id);
    const all = await ids("");
    expect(all).toEqual(["s-5", "s-4", "s-3", "s-2", "s-1", "s-0"]);
    const paged: string[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page = await list(`limit=2&after=${after}`);
      paged.push(...page.sagas.map(({ id }: { readonly id: string }) => id));
      after = page.next;
    }
    expect(paged).toEqual(all);
    expect(await ids("verdict=parked,stuck")).toEqual(["s-5", "s-2", "s-1"]);
    expect(await ids("at=payment")).toEqual(["s-5", "s-3", "s-2", "s-1"]);
    expect(await ids("at=payment&verdict=stuck")).toEqual(["s-1"]);
    expect(await ids("at=payment&verdict=waiting")).toEqual(["s-3"]);
    expect(await ids("at=none")).toEqual([]);
    expect(await ids("older=1d")).toEqual([]);
    expect(await ids("older=0s")).toEqual(all);
    expect(await ids("id=s-")).toEqual(all.toReversed());
    expect(await ids("id=s-&verdict=succeeded&limit=1")).toEqual(["s-0"]);
    expect(await ids("correlation=s-2")).toEqual(["s-2"]);
    expect((await list("limit=1")).totals).toEqual({
      ...{ succeeded: 2, stuck: 1, parked: 2, waiting: 1 },
    });
  });

  it("shows why a saga stands where it does, and what may follow", async () => {
    await using stage = await ConsoleStage.open(["wrong", "done"]);
    const { body } = await stage.ask("/api/v1/sagas/s-0");
    expect(body).toMatchObject({
      saga: { id: "s-0", verdict: "parked", open: 1, waitsFor: { id: "payment/1" } },
      why: [{ state: "parked", attempts: 1, problem: { code: "PERMANENT" } }],
      outlook: {
        endsKnown: true,
        ifRetried: { good: ["success"] },
        next: [{ service: "payment", hears: "order.opened.v1" }],
      },
      lanes: ["payment"],
      stepsRead: 2,
    });
    const done = (await stage.ask("/api/v1/sagas/s-1?from=1&limit=1")).body;
    expect(done.steps).toMatchObject([
      { n: 1, cause: 0, heard: "order.opened.v1", disposition: "done", undeclared: false },
    ]);
    expect(done.steps[0].emitted).toMatchObject([{ type: "order.closed.v1" }]);
    expect((await stage.ask("/api/v1/sagas/none")).body.error.code).toBe("SAGA_UNKNOWN");
    expect((await stage.ask(`/api/v1/sagas/${"x".repeat(300)}`)).status).toBe(404);
    expect((await stage.ask("/api/v1/sagas/%E0%A4%A")).status).toBe(404);
  });

  it("a saga of any length has a reply of bounded size", { timeout: 600_000 }, async () => {
    const steps = 20_050;
    await using stage = await ConsoleStage.open(["done"]);
    const store = sqlite(stage.path);
    await store.open({ service: "payment", owner: "p", leaseMs: 60_000, now: Date.now });
    const journal = Array.from({ length: steps }, (_, n) =>
      sampleEntry(`e-${n}`, { sagaId: "long", reaction: "order.opened" }),
    );
    await store.transaction((tx) => tx.write(writes({ journal })));
    await store.close();
    const seen = await eventually(
      "it is projected",
      async () => (await stage.ask("/api/v1/sagas?id=long")).body.sagas[0]?.steps,
      steps,
      120_000,
    );
    const { body } = await stage.ask("/api/v1/sagas/long?from=19990");
    expect([body.stepsTotal, body.stepsRead, body.steps.length]).toEqual([seen, 20_000, 10]);
    expect(body.outlook).toBeUndefined();
  });

  it("groups what is parked, and shows the consequence before it acts", async () => {
    await using stage = await ConsoleStage.open(["wrong", "wrong", "done"], {
      allow: ["retry", "discard"],
    });
    const [group, ...others] = (await stage.ask("/api/v1/parked/groups")).body.groups;
    expect(others).toEqual([]);
    expect(group).toMatchObject({ service: "payment", code: "PERMANENT", deliveries: 2, sagas: 2 });
    const first = (await stage.ask("/api/v1/parked?limit=1")).body;
    const second = (await stage.ask(`/api/v1/parked?limit=1&after=${first.next}`)).body;
    expect([first.parked[0].id, second.parked[0].id, first.total]).toEqual([
      ...["payment/1", "payment/2", 2],
    ]);
    const filter = { service: "payment", code: "PERMANENT" };
    const preview = (action: string) => stage.post("/api/v1/parked/preview", { action, filter });
    expect((await preview("discard")).body).toMatchObject({
      ...{ deliveries: 2, sagas: 2, looked: 2, complete: true },
      become: [{ verdict: "stuck", sagas: 2 }],
      ends: [{ rest: "no end", wrongly: true, sagas: 2 }],
    });
    expect((await preview("retry")).body.become).toEqual([{ verdict: "retrying", sagas: 2 }]);
  });

  it("retries and discards as jobs, and keeps who was told what", async () => {
    await using stage = await ConsoleStage.open(["wrong", "wrong", "wrong"], {
      allow: ["retry", "discard"],
    });
    const ended = async (id: string) => {
      const job = () => stage.ask(`/api/v1/jobs/${id}`);
      await eventually("the job ends", async () => (await job()).body.state !== "running");
      return (await job()).body;
    };
    const retry = await stage.post("/api/v1/parked/retry", { ids: ["payment/1"], ramp: false });
    expect(retry.status).toBe(202);
    expect(await ended(retry.body.id)).toMatchObject({ state: "done", done: 1, failed: 0 });
    const reason = "refunded by hand";
    expect((await stage.post("/api/v1/parked/discard", { filter: {}, reason: " " })).status).toBe(
      400,
    );
    const discard = await stage.post("/api/v1/parked/discard", {
      ...{ ids: ["payment/2", "payment/99", "none/1"], reason },
    });
    expect(await ended(discard.body.id)).toMatchObject({ state: "done", done: 1, failed: 2 });
    const { actions } = (await stage.ask("/api/v1/actions")).body;
    expect(actions).toMatchObject([
      { action: "discard", id: "none/1", reason, failed: "QUERY_INVALID" },
      { action: "discard", id: "payment/99", failed: "NOT_PARKED" },
      { action: "discard", id: "payment/2", sagaId: "s-1", reason },
      { action: "retry", id: "payment/1", sagaId: "s-0" },
    ]);
    expect(actions.slice(2).map(({ failed }: { failed?: string }) => failed)).toEqual([
      ...[undefined, undefined],
    ]);
    expect((await stage.live()).totals).toEqual({ parked: 1, retrying: 1, stuck: 1 });
    const store = sqlite(stage.path);
    const [row] = await store.inspect.deferred(["discarded"], 1);
    expect(row?.reason).toBe(reason);
    const { steps } = (await stage.ask("/api/v1/sagas/s-1")).body;
    expect(steps.at(-1)).toMatchObject({ disposition: "discarded", reason });
    await store.close();
    expect((await stage.ask("/api/v1/jobs/none")).status).toBe(404);
  });

  it("a job keeps its pace, and stops when it is told", async () => {
    await using stage = await ConsoleStage.open(["wrong", "wrong", "wrong"], { allow: ["retry"] });
    const { body } = await stage.post("/api/v1/parked/retry", { filter: {}, perSecond: 0.1 });
    await eventually(
      "the first is retried",
      async () => (await stage.ask(`/api/v1/jobs/${body.id}`)).body.done,
      1,
    );
    await stage.post(`/api/v1/jobs/${body.id}/stop`, {});
    await eventually(
      "it has stopped",
      async () => (await stage.ask(`/api/v1/jobs/${body.id}`)).body.state,
      "stopped",
    );
    const { done, total, stop } = (await stage.ask(`/api/v1/jobs/${body.id}`)).body;
    expect([done, total, stop]).toEqual([1, 3, "asked"]);
    for (const perSecond of [0, -1, 1_001, "10", null])
      expect((await stage.post("/api/v1/parked/retry", { filter: {}, perSecond })).status).toBe(
        400,
      );
  });

  it("tells services, events, proof and figures", async () => {
    await using stage = await ConsoleStage.open(["done", "wrong"]);
    const service = await eventually(
      "its deliveries are counted",
      async () => (await stage.ask("/api/v1/services")).body.services[0],
      ({ reactions }) => reactions[0].handled === 1,
    );
    expect(service).toMatchObject({ name: "payment", processes: 0, deferred: { parked: 1 } });
    expect(service.reactions[0]).toMatchObject({ name: "order.opened", handled: 1, failed: 0 });
    expect((await stage.ask("/api/v1/events/order.opened.v1")).body).toMatchObject({
      role: "begins",
      emitters: [{ service: "payment", how: "begins" }],
      hearers: [{ service: "payment", reaction: "order.opened" }],
    });
    expect((await stage.ask("/api/v1/events/none.v1")).status).toBe(404);
    const proof = await eventually(
      "it is proved",
      async () => (await stage.ask("/api/v1/proof")).body,
      ({ state }) => state === "done",
    );
    expect(proof.findings.length).toBeGreaterThan(0);
    const { text } = await stage.ask("/metrics");
    expect(text).toContain('odori_sagas{verdict="parked"} 1\n');
    expect(text).toContain("odori_ledger_unexplained 0\n");
    expect(text).toContain("odori_saga_duration_seconds_count 1\n");
    expect(text).not.toContain("s-0");
  });

  it("says which source cannot be read, and keeps what it knows", async () => {
    let away = false;
    const refusing = (source: JournalSource): JournalSource => ({
      inspect: source.inspect,
      about: () => source.about(),
      outbox: (limit) => source.outbox(limit),
      close: () => source.close(),
      feed: (after, limit) =>
        away
          ? Promise.reject(new StoreUnavailableError("STORE_UNAVAILABLE", "db.internal is away"))
          : source.feed(after, limit),
    });
    await using other = await ConsoleStage.open(["done"], {}, refusing);
    away = true;
    const { unread, totals } = await eventually(
      "it is told",
      () => other.live(),
      (live) => live.unread?.length === 1,
    );
    expect(unread).toEqual([
      { service: "payment", code: "STORE_UNAVAILABLE", since: expect.any(Number) },
    ]);
    expect(totals).toEqual({ succeeded: 1 });
    expect((await other.ask("/metrics")).text).toContain("odori_observer_up 0\n");
    away = false;
    await eventually("it is over", async () => (await other.live()).unread, []);
  });

  it("a stream without a reader takes no place", async () => {
    await using stage = await ConsoleStage.open(["done"]);
    for (let n = 0; n < 70; n++)
      expect((await stage.ask("/api/v1/live", { method: "HEAD" })).status).toBe(200);
    expect((await stage.live()).totals).toEqual({ succeeded: 1 });
  });

  it("a map has sagas begin on the left, and folds services that only listen", async () => {
    const manifest = manifestOf(order);
    const plain = mapGraph(manifest, {});
    expect(plain.boxes[0]?.id).toBe("order");
    expect(plain.arrows.every(({ kind }) => kind === "success")).toBe(true);
    const back = mapGraph(manifest, { back: "1" });
    expect(back.arrows.some(({ kind }) => kind === "undo")).toBe(true);
    const inside = mapGraph(manifest, { level: "reactions", service: "payment", back: "1" });
    expect(inside.boxes.map(({ id }) => id)).toContain("payment/undo payment.authorized");
    for (const { boxes, arrows } of [plain, back, inside]) {
      const ids = boxes.map(({ id }) => id);
      for (const { from, to } of arrows) expect(ids).toEqual(expect.arrayContaining([from, to]));
    }
    const layout = await placeBoxes(
      [
        { width: 100, height: 40 },
        { width: 100, height: 40 },
      ],
      [{ from: 0, to: 1, back: false }],
    );
    const [left, right] = layout.boxes;
    expect(left?.x).toBeLessThan(right?.x ?? 0);
    expect((layout.arrows[0]?.points.length ?? 0) % 3).toBe(1);
    expect(layout.arrows[0]?.label).toBeDefined();
  });
});
