import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { nodeHandler } from "odori/web";
import { orderRequest } from "./orders.ts";
import { isProbe, probesOf } from "./probes.ts";
import type { Shop } from "./shop.ts";

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function reply({ orders }: Shop, request: IncomingMessage): Promise<Reply> {
  const { method, url = "/" } = request;
  const [, place, id] = new URL(url, "http://localhost").pathname.split("/");
  if (orders === undefined || place !== "orders") return { status: 404, body: "not found" };
  if (method === "POST" && id === undefined) {
    const read = orderRequest.safeParse(await json(request).catch(() => undefined));
    if (!read.success) return { status: 400, body: { error: read.error.issues } };
    const order = await orders.place(read.data);
    return { status: order.state === "running" ? 202 : 200, body: order };
  }
  if (method === "GET" && id !== undefined) {
    const order = await orders.find(id);
    return { status: order.state === "unknown" ? 404 : 200, body: order };
  }
  return { status: 405, body: "method not allowed" };
}

export async function serve(shop: Shop, port: number) {
  const probes = nodeHandler(probesOf(shop));
  const server = createServer(async (request, response) => {
    if (isProbe(request.url)) return probes(request, response);
    const failed = { status: 500, body: "failed" };
    const { status, body } = await reply(shop, request).catch((error: unknown) => {
      console.error(error);
      return failed;
    });
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }).listen(port);
  await once(server, "listening");
  return { close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
