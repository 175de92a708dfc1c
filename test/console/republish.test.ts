import { join } from "node:path";
import { service, start } from "odori";
import { manifestOf } from "odori/manifest";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { expect, it } from "vitest";
import { type OdoriConsole, openConsole } from "../../src/console/console.ts";
import type { KeptPayloads } from "../../src/console/desk.ts";
import type { Permission, SagaReply } from "../../src/console/wire.ts";
import shopping, { opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const NOTHING: KeptPayloads = { of: () => [], close: () => {} };
const ORIGIN = "http://localhost";
const PATH = `${ORIGIN}/api/v1/sagas/s-early`;
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
  const opening = (holds: KeptPayloads, allow: readonly Permission[]) =>
    closing(
      openConsole({
        ...{ sources: [sqliteSource(path)], choreography: manifestOf(shopping), allow },
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
    const reply = await fetch(new Request(PATH + path, body === undefined ? {} : init));
    return { status: reply.status, body: JSON.parse(await reply.text()) };
  };
  const why = async (console: OdoriConsole) => {
    const { why }: SagaReply = (await asked(console, "")).body;
    return why.map(({ state, missed }) => ({ state, missed }));
  };
  expect(await why(poor)).toEqual([{ state: "unheard", missed: { event: id, kept: false } }]);
  expect(await why(rich)).toEqual([{ state: "unheard", missed: { event: id, kept: true } }]);
  const refused = async (console: OdoriConsole, body: unknown) =>
    (await asked(console, "/republish", body)).body.error.code;
  expect(await refused(reading, { event: id })).toBe("NOT_ALLOWED");
  expect(await refused(poor, { event: id })).toBe("EVENT_NOT_KEPT");
  expect(await refused(rich, { event: "another" })).toBe("NOT_UNHEARD");
  expect(await refused(rich, {})).toBe("QUERY_INVALID");
  expect(await asked(rich, "/republish", { event: id })).toMatchObject({
    status: 202,
    body: { type: "order.opened.v1", emitter: "payment", missedBy: ["payment"] },
  });
  const payloads = (console: OdoriConsole, event: string) =>
    asked(console, `/payloads?event=${event}`);
  expect((await payloads(rich, id)).body).toMatchObject({
    event: { type: "order.opened.v1", payload: { text: '{\n  "orderId": "done"\n}' } },
  });
  expect((await payloads(rich, "another")).body).toEqual({});
  expect((await payloads(reading, id)).status).toBe(403);
  const handled = async () =>
    (await app.inspect.journal("s-early")).some(({ disposition }) => disposition === "done");
  await eventually("it is handled", handled, true);
  expect(await why(rich)).toEqual([]);
  expect(await refused(rich, { event: id })).toBe("NOT_UNHEARD");
});
