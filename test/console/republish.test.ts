import { join } from "node:path";
import { service, start } from "odori";
import { manifestOf } from "odori/manifest";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { expect, it } from "vitest";
import { type OdoriConsole, openConsole } from "../../src/console/console.ts";
import type { KeptPayloads } from "../../src/console/desk.ts";
import type { Job, Permission, SagaReply } from "../../src/console/wire.ts";
import shopping, { opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";
import { leavingSource } from "./stage.ts";

const NOTHING: KeptPayloads = { of: () => [], close: () => {} };
const ORIGIN = "http://localhost";
const API = `${ORIGIN}/api/v1`;
const SAGA = "/sagas/s-early";
const LIMIT = { timeout: 300_000 };

it("an unheard event is published again from the page, if its payload is kept", LIMIT, async () => {
  using folder = temporaryFolder("republish");
  const path = join(folder.path, "payment.db");
  await using bus = closing(memoryBus(["payment"]));
  const running = async (version: typeof shop) =>
    stopping(await start(version, { store: sqlite(path), bus, logger: silent, pollMs: 5 }));
  let id = "";
  {
    await using deaf = await running(service<unknown>("payment").begins(opened));
    const { event } = await deaf.begin("s-early", () => opened({ orderId: "done" }));
    id = event?.id ?? "";
    await eventually("it is published", async () => (await deaf.inspect.counts()).outbox, 0);
  }
  await using app = await running(shop);
  const kept = {
    ...NOTHING,
    of: () => [{ ...envelope(opened, "s-early", { orderId: "done" }, { id }), source: "/payment" }],
  };
  let isAway = false;
  const opening = (holds: KeptPayloads, allow: readonly Permission[]) =>
    closing(
      openConsole({
        ...{ sources: [leavingSource(sqliteSource(path), () => isAway)] },
        ...{ choreography: manifestOf(shopping), allow },
        ...{ kept: holds, token: undefined },
      }),
    );
  await using poor = opening(NOTHING, ["retry"]);
  await using rich = opening(kept, ["retry", "payloads"]);
  await using reading = opening(kept, []);
  const asked = async ({ fetch }: OdoriConsole, path: string, body?: unknown) => {
    const init = {
      ...{ method: "POST", body: JSON.stringify(body) },
      headers: { "content-type": "application/json", "odori-console": "1", origin: ORIGIN },
    };
    const reply = await fetch(new Request(API + path, body === undefined ? {} : init));
    return { status: reply.status, body: JSON.parse(await reply.text()) };
  };
  const why = async (console: OdoriConsole) => {
    const { why }: SagaReply = (await asked(console, SAGA)).body;
    return why.map(({ state, missed }) => ({ state, missed }));
  };
  expect(await why(poor)).toEqual([{ state: "unheard", missed: { event: id, kept: false } }]);
  expect(await why(rich)).toEqual([{ state: "unheard", missed: { event: id, kept: true } }]);
  const republish = (console: OdoriConsole, body: unknown) =>
    asked(console, "/unheard/republish", body);
  const refused = async (console: OdoriConsole, body: unknown) =>
    (await republish(console, body)).body.error.code;
  const ended = async (console: OdoriConsole, body: unknown) => {
    const begun: Job = (await republish(console, body)).body;
    const job = async (): Promise<Job> => (await asked(console, `/jobs/${begun.id}`)).body;
    await eventually("the job ends", async () => (await job()).state, "done");
    const { done, failed, problems } = await job();
    return { done, failed, codes: problems.map(({ code }) => code) };
  };
  const one = { saga: "s-early", event: id };
  expect(await refused(reading, one)).toBe("NOT_ALLOWED");
  expect(await refused(rich, {})).toBe("QUERY_INVALID");
  expect(await refused(rich, { ...one, filter: {} })).toBe("QUERY_INVALID");
  expect(await refused(rich, { event: id, filter: {} })).toBe("QUERY_INVALID");
  expect(await refused(rich, { filter: { verdict: "stuck" } })).toBe("QUERY_INVALID");
  const gone = { done: 0, failed: 1, codes: ["EVENT_NOT_KEPT"] };
  expect(await ended(poor, one)).toEqual(gone);
  const unknown = { done: 0, failed: 1, codes: ["NOT_UNHEARD"] };
  expect(await ended(rich, { ...one, event: "another" })).toEqual(unknown);
  const previewed = async (console: OdoriConsole, body: unknown) =>
    (await asked(console, "/unheard/preview", body)).body;
  const all = { filter: { event: "order.opened", id: "s-" } };
  await eventually("it is listed", async () => (await previewed(poor, all)).sagas, 1);
  expect(await previewed(poor, all)).toMatchObject({ sagas: 1, looked: 0, notKept: 1 });
  await eventually("it is listed", async () => (await previewed(rich, all)).sagas, 1);
  const follows = await previewed(rich, all);
  const become = [{ verdict: "running", sagas: 1 }];
  expect(follows).toMatchObject({ action: "republish", sagas: 1, looked: 1, become });
  expect(follows.notKept).toBeUndefined();
  expect(follows.ends).toContainEqual({ rest: "success", wrongly: false, sagas: 1 });
  const empty = { filter: { at: "", event: "", id: "" } };
  expect(await previewed(rich, empty)).toMatchObject({ sagas: 1 });
  expect(await previewed(rich, { filter: { id: "t-" } })).toMatchObject({ sagas: 0, looked: 0 });
  isAway = true;
  const unread = async () => (await previewed(rich, all)).unread;
  await eventually("the store is away", unread, ["payment"]);
  expect(await previewed(rich, all)).toMatchObject({ sagas: 1, looked: 0, become: [] });
  expect(await previewed(rich, all)).not.toHaveProperty("notKept");
  const away = { done: 0, failed: 1, codes: ["STORE_UNAVAILABLE"] };
  expect(await ended(rich, all)).toEqual(away);
  isAway = false;
  await eventually("it is back", unread, (services) => services === undefined);
  const payloads = (console: OdoriConsole, event: string) =>
    asked(console, `${SAGA}/payloads?event=${event}`);
  expect((await payloads(rich, id)).body).toMatchObject({
    event: { type: "order.opened.v1", payload: { text: '{\n  "orderId": "done"\n}' } },
  });
  expect((await payloads(rich, "another")).body).toEqual({});
  expect((await payloads(reading, id)).status).toBe(403);
  expect(await ended(rich, all)).toEqual({ done: 1, failed: 0, codes: [] });
  const handled = async () =>
    (await app.inspect.journal("s-early")).some(({ disposition }) => disposition === "done");
  await eventually("it is handled", handled, true);
  expect(await why(rich)).toEqual([]);
  expect(await ended(rich, one)).toEqual(unknown);
  const { actions }: SagaReply = (await asked(rich, SAGA)).body;
  expect(actions).toMatchObject([{ action: "republish", id: `payment/${id}` }]);
});
