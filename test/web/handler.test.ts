import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { choreography, PermanentError, StoreUnavailableError, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { nodeHandler, odoriHandler, type WatchedApp } from "odori/web";
import { describe, expect, it } from "vitest";
import { authorized, declined, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { silent } from "../support/stage.ts";

const TOKEN = "a token of a test, long enough".replaceAll(" ", "-");
const SECRET = "4111-1111";

/** An order that is paid, and one whose payment is parked with a secret in its error. */
async function shop() {
  const order = service("order")
    .begins(placed)
    .on(authorized, { handle: () => {} });
  const payment = service("payment").on(placed, {
    emits: [authorized],
    fails: [declined],
    handle({ data }) {
      if (data.orderId === "bad") throw new PermanentError(`The card ${SECRET} is unknown.`);
      return authorized(data);
    },
  });
  const ends = choreography("shop", {
    services: [order, payment],
    begins: [placed],
    succeeds: [authorized],
    fails: [declined],
    external: [declined],
  });
  const bus = memoryBus([order, payment]);
  const on = () => ({ store: sqlite(":memory:"), bus, logger: silent });
  const orders = await start(order, { ...on(), ends: { succeeds: ends.succeeds, fails: [] } });
  const payments = await start(payment, on());
  const apps: readonly WatchedApp[] = [orders, payments];
  for (const orderId of ["good", "bad"]) await orders.begin(orderId, () => placed({ orderId }));
  await orders.waitFor("good", { timeout: "30s" });
  const stop = async () => {
    await Promise.all([orders.stop(), payments.stop()]);
    await bus.close();
  };
  return { apps, orders, [Symbol.asyncDispose]: stop };
}

const ask = async (
  handler: (request: Request) => Promise<Response>,
  path: string,
  init: RequestInit = {},
) => {
  const response = await handler(new Request(`http://localhost${path}`, init));
  const text = await response.text();
  return { status: response.status, text, body: text === "" ? undefined : JSON.parse(text) };
};
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("requests about services", () => {
  it("says that the process lives, and whether its services are ready", async () => {
    await using stage = await shop();
    const handler = odoriHandler(stage.apps);
    expect(await ask(handler, "/live")).toMatchObject({ status: 200, body: { live: true } });
    expect(await ask(handler, "/ready")).toMatchObject({
      status: 200,
      body: {
        ready: true,
        services: [
          { service: "order", state: "ready" },
          { service: "payment", state: "ready" },
        ],
      },
    });
    await stage.orders.stop();
    const { status, body } = await ask(handler, "/ready");
    expect([status, body.ready, body.services[0].state]).toEqual([503, false, "stopped"]);
  });

  it("shows a saga and what is parked to those who have the token, and no secret", async () => {
    await using stage = await shop();
    const handler = odoriHandler(stage.apps, { token: TOKEN, base: "/odori" });
    const list = () => ask(handler, "/odori/parked", bearer(TOKEN));
    await eventually("it is parked", async () => (await list()).body.parked.length, 1);
    const { status, body, text } = await list();
    expect([status, body.parked]).toEqual([
      200,
      [
        {
          delivery: "payment/1",
          reaction: "order.placed",
          sagaId: "bad",
          type: "order.placed.v1",
          attempts: 1,
          code: "PERMANENT",
        },
      ],
    ]);
    const saga = await ask(handler, "/odori/sagas/good", bearer(TOKEN));
    expect(saga.body).toMatchObject({
      sagaId: "good",
      services: [
        { service: "order", state: "succeeded", steps: [{ disposition: "begun" }, {}] },
        { service: "payment", steps: [{ emitted: ["payment.authorized.v1"] }] },
      ],
    });
    const bad = await ask(handler, "/odori/sagas/bad", bearer(TOKEN));
    expect(`${text}${saga.text}${bad.text}`).not.toContain(SECRET);
  });

  it("refuses what is not asked for properly, with a code", async () => {
    await using stage = await shop();
    const handler = odoriHandler(stage.apps, { token: TOKEN });
    const replied = async (path: string, init?: RequestInit) => {
      const { status, body } = await ask(handler, path, init);
      return [status, body?.error?.code];
    };
    const unauthorized = [401, "TOKEN_REFUSED"];
    expect(await replied("/parked")).toEqual(unauthorized);
    expect(await replied("/parked", bearer(`${TOKEN}x`))).toEqual(unauthorized);
    expect(await replied("/sagas/good", bearer(""))).toEqual(unauthorized);
    const unknown = [404, "SAGA_UNKNOWN"];
    expect(await replied("/sagas/none", bearer(TOKEN))).toEqual(unknown);
    expect(await replied("/sagas/%E0%A4%A", bearer(TOKEN))).toEqual(unknown);
    expect(await replied(`/sagas/${"x".repeat(10_000)}`, bearer(TOKEN))).toEqual(unknown);
    expect(await replied("/sagas")).toEqual([404, "ADDRESS_UNKNOWN"]);
    expect(await replied("/ready", { method: "POST" })).toEqual([405, "METHOD_REFUSED"]);
    expect(await replied("/ready", { method: "HEAD" })).toEqual([200, undefined]);
    const open = odoriHandler(stage.apps);
    expect((await ask(open, "/parked", bearer(TOKEN))).status).toBe(404);
    const invalid = expect.objectContaining({ code: "OPTION_INVALID" });
    expect(() => odoriHandler(stage.apps, { token: "" })).toThrow(invalid);
    expect(() => odoriHandler(stage.apps, { base: "odori" })).toThrow(invalid);
  });

  it("tells nothing of a failure but its code", async () => {
    await using stage = await shop();
    const [app] = stage.apps;
    if (app === undefined) throw new Error("There is a service.");
    const failing = (error: Error): WatchedApp => ({
      name: "away",
      health: () => app.health(),
      status: (id) => app.status(id),
      inspect: Object.assign(Object.create(app.inspect), { deferred: () => Promise.reject(error) }),
    });
    const replied = async (error: Error) => {
      const { status, body } = await ask(
        odoriHandler([failing(error)], { token: TOKEN }),
        "/parked",
        bearer(TOKEN),
      );
      return [status, body.error.code, JSON.stringify(body).includes(SECRET)];
    };
    const away = new StoreUnavailableError("STORE_UNAVAILABLE", SECRET);
    expect(await replied(away)).toEqual([503, "STORE_UNAVAILABLE", false]);
    expect(await replied(new Error(SECRET))).toEqual([500, "REQUEST_FAILED", false]);
  });

  it("probes that come together share one look", async () => {
    await using stage = await shop();
    let looks = 0;
    const counted = stage.apps.map((app) => ({
      name: app.name,
      status: app.status,
      inspect: app.inspect,
      health: () => {
        looks++;
        return app.health();
      },
    }));
    const handler = odoriHandler(counted);
    const replies = await Promise.all(Array.from({ length: 50 }, () => ask(handler, "/ready")));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(looks).toBe(stage.apps.length);
  });

  it("serves node:http", async () => {
    await using stage = await shop();
    const server = createServer(nodeHandler(odoriHandler(stage.apps, { token: TOKEN })));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const get = async (path: string, init?: RequestInit) =>
        (await fetch(`http://127.0.0.1:${port}${path}`, init)).status;
      expect(await get("/ready")).toBe(200);
      expect(await get("/sagas/good", bearer(TOKEN))).toBe(200);
      expect(await get("/parked")).toBe(401);
      expect(await get("/ready", { method: "DELETE" })).toBe(405);
      const path = "http://user:secret@elsewhere//ready";
      const [whole] = await once(request({ port, path }).end(), "response");
      expect(whole.resume().statusCode).toBe(404);
      const [other] = await once(request({ port, path: "http://u:p@x/ready" }).end(), "response");
      expect(other.resume().statusCode).toBe(200);
    } finally {
      server.close();
    }
  });
});
