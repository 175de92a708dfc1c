import fastify, { type FastifyInstance } from "fastify";
import { orderRequest } from "./orders.ts";
import { PROBES, probesOf } from "./probes.ts";
import type { Shop } from "./shop.ts";

function routes(shop: Shop): FastifyInstance {
  const { orders } = shop;
  const http = fastify();
  const probes = probesOf(shop);
  for (const path of PROBES)
    http.get(path, async ({ url, headers: { authorization = "" } }, reply) => {
      const request = new Request(new URL(url, "http://localhost"), { headers: { authorization } });
      return reply.send(await probes(request));
    });
  if (orders === undefined) return http;
  http.post("/orders", async ({ body }, reply) => {
    const request = orderRequest.safeParse(body);
    if (!request.success) return reply.code(400).send({ error: request.error.issues });
    const order = await orders.place(request.data);
    return reply.code(order.state === "running" ? 202 : 200).send(order);
  });
  http.get<{ Params: { id: string } }>("/orders/:id", async ({ params }, reply) => {
    const order = await orders.find(params.id);
    return reply.code(order.state === "unknown" ? 404 : 200).send(order);
  });
  return http;
}

export async function serve(shop: Shop, port: number) {
  const http = routes(shop);
  await http.listen({ port, host: "0.0.0.0" });
  return { close: () => http.close() };
}
