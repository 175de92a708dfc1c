import { once } from "node:events";
import { serve as listen } from "@hono/node-server";
import { Hono } from "hono";
import { orderRequest } from "./orders.ts";
import { PROBES, probesOf } from "./probes.ts";
import type { Shop } from "./shop.ts";

function routes(shop: Shop): Hono {
  const { orders } = shop;
  const http = new Hono();
  const probes = probesOf(shop);
  http.on("GET", [...PROBES], (c) => probes(c.req.raw));
  if (orders === undefined) return http;
  http.post("/orders", async (c) => {
    const request = orderRequest.safeParse(await c.req.json().catch(() => undefined));
    if (!request.success) return c.json({ error: request.error.issues }, 400);
    const order = await orders.place(request.data);
    return c.json(order, order.state === "running" ? 202 : 200);
  });
  http.get("/orders/:id", async (c) => {
    const order = await orders.find(c.req.param("id"));
    return c.json(order, order.state === "unknown" ? 404 : 200);
  });
  return http;
}

export async function serve(shop: Shop, port: number) {
  const server = listen({ fetch: routes(shop).fetch, port });
  if (!server.listening) await once(server, "listening");
  return { close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
