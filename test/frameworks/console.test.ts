import { createServer, type RequestListener, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import fastify from "fastify";
import { Hono } from "hono";
import type { OdoriConsole } from "odori/console";
import { describe, expect, it } from "vitest";
import { ConsoleStage, TOKEN } from "../console/stage.ts";
import "reflect-metadata";

/** Comes with Nest, and has no types of its own. */
const express: () => RequestListener & {
  all(paths: readonly string[], listener: OdoriConsole["node"]): void;
} = createRequire(import.meta.url)("express");

const BASE = "/ops/odori";

/** An application of a framework, with a console below `BASE`. */
interface Mounted {
  readonly port: number;
  close(): Promise<unknown>;
}

const MOUNTS: Readonly<Record<string, (console: OdoriConsole) => Promise<Mounted>>> = {
  async hono(console) {
    const app = new Hono();
    app.get("/", (c) => c.text("own"));
    app.all(`${BASE}/*`, (c) => console.fetch(c.req.raw));
    // What @hono/node-server does, without its package.
    const server = createServer(async (incoming, outgoing) => {
      const { method = "GET", url = "/", headers } = incoming;
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const request = new Request(new URL(url, `http://${headers.host}`), {
        method,
        headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      const reply = await app.fetch(request);
      outgoing.writeHead(reply.status, Object.fromEntries(reply.headers));
      outgoing.end(Buffer.from(await reply.arrayBuffer()));
    });
    return listening(server);
  },
  async fastify(console) {
    const app = fastify();
    app.get("/", () => "own");
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, _body, done) => done(null));
      for (const path of [BASE, `${BASE}/*`])
        scope.all(path, (request, reply) => {
          reply.hijack();
          console.node(request.raw, reply.raw);
        });
    });
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: Number(new URL(url).port), close: () => app.close() };
  },
  async express(console) {
    const app = express();
    app.all([BASE, `${BASE}/{*path}`], console.node);
    return listening(createServer(app));
  },
  async nest(console) {
    class Shop {}
    Module({})(Shop);
    const app = await NestFactory.create(Shop, { logger: false });
    const { all } = app.getHttpAdapter().getInstance();
    all.call(app.getHttpAdapter().getInstance(), [BASE, `${BASE}/{*path}`], console.node);
    await app.listen(0, "127.0.0.1");
    const { port } = app.getHttpServer().address() as AddressInfo;
    return { port, close: () => app.close() };
  },
};

async function listening(server: Server): Promise<Mounted> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { port, close };
}

describe("the console in an application of others", () => {
  it.each(Object.keys(MOUNTS))("%s: it is read, signed in to, and written to", async (name) => {
    await using stage = await ConsoleStage.open(["wrong"], { base: BASE, allow: ["retry"] });
    const app = await MOUNTS[name]?.(stage.console);
    if (app === undefined) throw new Error("There is such a mount.");
    const origin = `http://127.0.0.1:${app.port}`;
    const own = { "content-type": "application/json", "odori-console": "1", origin };
    const ask = (path: string, init: RequestInit = {}) => fetch(`${origin}${BASE}${path}`, init);
    const post = (path: string, body: unknown, headers = {}) =>
      ask(path, { method: "POST", body: JSON.stringify(body), headers: { ...own, ...headers } });
    try {
      expect(await (await ask("/healthz")).json()).toEqual({ live: true });
      // A browser follows what the page refers to from the folder that it is in.
      for (const path of ["", "/"]) {
        const page = await ask(path);
        expect([page.status, page.url]).toEqual([200, `${origin}${BASE}/`]);
        const [, script = ""] = /<script[^>]* src="([^"]+)"/.exec(await page.text()) ?? [];
        const loaded = await fetch(new URL(script, page.url));
        expect(loaded.headers.get("content-type")).toContain("javascript");
      }
      expect((await ask("/api/v1/about")).status).toBe(401);
      const session = await post("/api/v1/session", { token: TOKEN });
      expect(session.status).toBe(204);
      const set = session.headers.get("set-cookie") ?? "";
      expect(set).toContain(`Path=${BASE}/;`);
      const [cookie = ""] = set.split(";");
      const about = await ask("/api/v1/about", { headers: { cookie } });
      expect(await about.json()).toMatchObject({ services: ["payment"] });
      const saga = await ask("/api/v1/sagas/s-0", { headers: { cookie } });
      expect(await saga.json()).toMatchObject({ outlook: { ifRetried: { good: ["success"] } } });
      const retry = await post("/api/v1/parked/retry", { ids: ["payment/1"] }, { cookie });
      expect(retry.status).toBe(202);
      expect(await retry.json()).toMatchObject({ total: 1 });
      expect((await post("/api/v1/parked/retry", {}, { cookie, origin: "null" })).status).toBe(403);
      expect((await ask("/api/v1/nothing", { headers: { cookie } })).status).toBe(404);
    } finally {
      await app.close();
    }
  });
});
