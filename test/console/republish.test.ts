import { join } from "node:path";
import { service, start } from "odori";
import { manifestOf } from "odori/manifest";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { expect, it } from "vitest";
import { openConsole } from "../../src/console/console.ts";
import type { KeptPayloads } from "../../src/console/desk.ts";
import type { SagaReply } from "../../src/console/wire.ts";
import shopping, { opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const NOTHING: KeptPayloads = { of: () => [], close: () => {} };
const PATH = "http://localhost/api/v1/sagas/s-early";

it("an unheard event is published again from the page, if its payload is kept", async () => {
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
  const asked = async (holds: KeptPayloads, allow: readonly "retry"[], body?: unknown) => {
    await using console = closing(
      openConsole({
        ...{ sources: [sqliteSource(path)], choreography: manifestOf(shopping), allow },
        ...{ kept: holds, token: undefined },
      }),
    );
    const init = {
      ...{ method: "POST", body: JSON.stringify(body) },
      headers: {
        "content-type": "application/json",
        "odori-console": "1",
        origin: "http://localhost",
      },
    };
    const reply = await console.fetch(
      body === undefined ? new Request(PATH) : new Request(`${PATH}/republish`, init),
    );
    return { status: reply.status, body: JSON.parse(await reply.text()) };
  };
  const why = async (holds: KeptPayloads) => {
    const { why }: SagaReply = (await asked(holds, [])).body;
    return why.map(({ state, missed }) => ({ state, missed }));
  };
  expect(await why(NOTHING)).toEqual([{ state: "unheard", missed: { event: id, kept: false } }]);
  expect(await why(kept)).toEqual([{ state: "unheard", missed: { event: id, kept: true } }]);
  const refused = async (holds: KeptPayloads, allow: readonly "retry"[], body: unknown) =>
    (await asked(holds, allow, body)).body.error.code;
  expect(await refused(kept, [], { event: id })).toBe("NOT_ALLOWED");
  expect(await refused(NOTHING, ["retry"], { event: id })).toBe("EVENT_NOT_KEPT");
  expect(await refused(kept, ["retry"], { event: "another" })).toBe("NOT_UNHEARD");
  expect(await refused(kept, ["retry"], {})).toBe("QUERY_INVALID");
  expect(await asked(kept, ["retry"], { event: id })).toMatchObject({
    status: 202,
    body: { type: "order.opened.v1", emitter: "payment", missedBy: ["payment"] },
  });
  const handled = async () =>
    (await app.inspect.journal("s-early")).some(({ disposition }) => disposition === "done");
  await eventually("it is handled", handled, true);
  expect(await why(kept)).toEqual([]);
  expect(await refused(kept, ["retry"], { event: id })).toBe("NOT_UNHEARD");
});
