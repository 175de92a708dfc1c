import { expect } from "vitest";
import type { Serving } from "../support/serving.ts";

const JSON_TYPE = { "content-type": "application/json" };

async function told(reply: Response): Promise<readonly [status: number, body: unknown]> {
  const text = await reply.text();
  return [reply.status, JSON.parse(text)];
}

/** Expects of the running server of a template what its README says, with any framework. */
export async function expectRoutes({ url }: Serving): Promise<void> {
  const get = async (path: string) => told(await fetch(`${url}${path}`));
  const order = async (body: string) =>
    told(await fetch(`${url}/orders`, { method: "POST", headers: JSON_TYPE, body }));

  expect(await get("/live")).toEqual([200, { live: true }]);
  const services = ["order", "payment", "stock"].map((service) => ({ service, state: "ready" }));
  expect(await get("/ready")).toEqual([200, { ready: true, services }]);
  // Without ODORI_TOKEN these paths do not exist.
  expect((await get("/parked"))[0]).toBe(404);
  expect((await get("/sagas/order-1"))[0]).toBe(404);

  const [placed, fan] = await order('{"sku":"fan","cents":500}');
  expect([placed < 300, fan]).toEqual([true, expect.objectContaining({ state: "succeeded" })]);
  const [refused, umbrella] = await order('{"sku":"umbrella","cents":500}');
  expect([refused < 300, umbrella]).toEqual([true, expect.objectContaining({ state: "failed" })]);

  expect((await order('{"sku":"fan"}'))[0]).toBe(400);
  expect((await get("/orders/no-such-order"))[0]).toBe(404);
}
