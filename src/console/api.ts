import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { streamSSE } from "hono/streaming";
import { sagaRow } from "../observer/saga-list.ts";
import { aboutReply } from "./about.ts";
import { beginDiscard, beginRetry } from "./act.ts";
import { actionsReply } from "./actions.ts";
import type { Asset } from "./assets.ts";
import type { Desk } from "./desk.ts";
import { devAgain, devBegin, devClear, devFault, devReply } from "./dev.ts";
import { eventReply, eventsReply } from "./events.ts";
import { fieldsIn, textField } from "./fields.ts";
import { type Guard, HEADERS } from "./guard.ts";
import { ledger } from "./ledger.ts";
import { deltaOf, LiveNow } from "./live.ts";
import { Maps, mapQueryIn } from "./map.ts";
import { metrics } from "./metrics.ts";
import { parkedGroups, parkedReply } from "./parked.ts";
import { pauseUnlessAborted } from "./pause.ts";
import { payloadsReply } from "./payloads.ts";
import { preview } from "./preview.ts";
import { Proofs } from "./proof.ts";
import { ConsoleRefusal, failureOf, queryInvalid } from "./refusal.ts";
import { beginRepublish, previewRepublish } from "./republish.ts";
import { sagaReply } from "./saga.ts";
import { sagas } from "./saga-pages.ts";
import { services } from "./services.ts";
import type { JobsReply, Live } from "./wire.ts";

const BODY_MAX_BYTES = 131_072;
const STREAMS_MAX = 64;
const LIVE_EVERY_MS = 1_000;

/** What the routes are made from. */
export interface ApiOptions {
  readonly desk: Desk;
  readonly guard: Guard;
  /** Undefined: the page was not built. */
  readonly assets: ReadonlyMap<string, Asset> | undefined;
  readonly base: string;
}

/** The routes of the console, and what ends the threads and streams behind them. */
export function api({ desk, guard, assets, base }: ApiOptions) {
  const maps = new Maps(desk);
  const proofs = new Proofs(desk);
  const live = new LiveNow(desk, maps, proofs);
  const closing = new AbortController();
  let streams = 0;
  const root = new Hono();
  const app = root.basePath(base === "" ? "/" : base);

  app.onError((error) => refused(error));
  app.notFound(() => refused(unknown()));
  app.use("*", async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    guard.checkHost(c.req.raw);
    const { method } = c.req;
    if (method !== "GET" && method !== "HEAD") {
      if (method !== "POST")
        throw new ConsoleRefusal(405, "METHOD_REFUSED", "Only GET and POST are taken.");
      guard.checkWrite(c.req.raw);
    }
    await next();
  });
  app.use(
    "*",
    bodyLimit({
      maxSize: BODY_MAX_BYTES,
      onError: () => {
        throw new ConsoleRefusal(
          413,
          "QUERY_INVALID",
          `A body has at most ${BODY_MAX_BYTES} bytes.`,
        );
      },
    }),
  );

  // The page's addresses are relative to the folder that it is in. Below a base path, Hono takes
  // "" for "/" and "/" for "", so both are named as a whole.
  const folder = `${base}/`;
  if (base !== "") root.get(base, (c) => c.redirect(folder, 308));
  app.get("/healthz", (c) => c.json({ live: true }));
  app.post("/api/v1/session", async (c) => {
    const token = textField(fieldsIn(await bodyOf(c), ["token"]), "token") ?? "";
    c.header("set-cookie", guard.open(c.req.raw, token));
    return c.body(null, 204);
  });
  if (assets !== undefined)
    for (const [name, asset] of assets)
      root.get(name === "index.html" ? folder : `${folder}${name}`, (c) => serve(c, asset));
  else
    root.get(folder, (c) => c.text("The page was not built: node scripts/build-page.mjs\n", 404));

  app.use("*", async (c, next) => {
    guard.checkSession(c.req.raw);
    await next();
  });
  app.get("/metrics", (c) => {
    c.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return c.body(metrics(desk));
  });
  app.get("/api/v1/about", (c) => c.json(aboutReply(desk)));
  app.get("/api/v1/map", async (c) =>
    c.json(await maps.reply(mapQueryIn(c.req.url), (edge) => proofs.findingsAt(edge))),
  );
  app.get("/api/v1/sagas", (c) => c.json(sagas(desk, c.req.url)));
  app.get("/api/v1/sagas/:id", async (c) =>
    c.json(await sagaReply(desk, c.req.param("id"), c.req.raw)),
  );
  app.get("/api/v1/sagas/:id/payloads", async (c) =>
    c.json(await payloadsReply(desk, c.req.param("id"), c.req.url)),
  );
  app.get("/api/v1/parked", async (c) => c.json(await parkedReply(desk, c.req.url)));
  app.get("/api/v1/parked/groups", (c) => c.json(parkedGroups(desk)));
  app.get("/api/v1/services", async (c) => c.json(await services(desk)));
  app.get("/api/v1/ledger", (c) => c.json(ledger(desk)));
  app.get("/api/v1/proof", async (c) => c.json(await proofs.reply()));
  app.get("/api/v1/events", (c) => c.json(eventsReply(desk)));
  app.get("/api/v1/events/:type", (c) => c.json(eventReply(desk, c.req.param("type"))));
  app.get("/api/v1/actions", (c) => c.json(actionsReply(desk)));
  app.get("/api/v1/jobs", (c) => c.json({ jobs: desk.jobs.list() } satisfies JobsReply));
  app.get("/api/v1/jobs/:id", (c) => c.json(known(desk.jobs.find(c.req.param("id")))));
  app.post("/api/v1/jobs/:id/stop", (c) => c.json(known(desk.jobs.stop(c.req.param("id")))));
  app.post("/api/v1/unheard/preview", async (c) =>
    c.json(await previewRepublish(desk, await bodyOf(c), c.req.raw.signal)),
  );
  app.post("/api/v1/unheard/republish", async (c) =>
    c.json(await beginRepublish(desk, await bodyOf(c)), 202),
  );
  app.post("/api/v1/parked/preview", async (c) =>
    c.json(await preview(desk, await bodyOf(c), c.req.raw.signal)),
  );
  app.post("/api/v1/parked/retry", async (c) => c.json(beginRetry(desk, await bodyOf(c)), 202));
  app.post("/api/v1/parked/discard", async (c) => c.json(beginDiscard(desk, await bodyOf(c)), 202));
  const { dev } = desk;
  if (dev !== undefined) {
    const verdictOf = (id: string) => sagaRow(desk.projection.sql, id)?.verdict;
    app.get("/api/v1/dev", async (c) => c.json(await devReply(dev, verdictOf)));
    app.post("/api/v1/dev/begin", async (c) => c.json(await devBegin(dev, await bodyOf(c)), 202));
    app.post("/api/v1/dev/again", async (c) => c.json(await devAgain(dev), 202));
    app.post("/api/v1/dev/fault", async (c) => c.json(await devFault(dev, await bodyOf(c))));
    app.post("/api/v1/dev/clear", async (c) => c.json(await devClear(dev)));
  }
  app.get("/api/v1/live", (c) => {
    const query = mapQueryIn(c.req.url);
    // A stream without a reader would never end.
    if (c.req.method === "HEAD") return c.body(null);
    if (streams >= STREAMS_MAX)
      throw new ConsoleRefusal(
        503,
        "CONSOLE_BUSY",
        `At most ${STREAMS_MAX} pages are followed at once.`,
      );
    streams++;
    return streamSSE(c, async (stream) => {
      let sent: Live | undefined;
      stream.onAbort(() => {});
      try {
        while (!stream.aborted && !closing.signal.aborted) {
          const now = live.read(query);
          await stream.writeSSE({ data: JSON.stringify(deltaOf(sent, now)) });
          sent = now;
          await pauseUnlessAborted(LIVE_EVERY_MS, closing.signal);
        }
      } finally {
        streams--;
      }
    });
  });
  return {
    fetch: (request: Request) => Promise.resolve(app.fetch(request)),
    close: async () => {
      closing.abort();
      await Promise.all([proofs.close(), maps.close()]);
    },
  };
}

function unknown(): ConsoleRefusal {
  return new ConsoleRefusal(404, "ADDRESS_UNKNOWN", "Nothing is at this path.");
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw unknown();
  return value;
}

/** A reply that is not 2xx, with the headers of every reply. */
function refused(error: unknown): Response {
  const { status, body } = failureOf(error);
  return Response.json(body, { status, headers: HEADERS });
}

async function bodyOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof ConsoleRefusal) throw error;
    throw queryInvalid("The body is not JSON.");
  }
}

function serve(c: Context, { type, body, zipped }: Asset): Response {
  c.header("content-type", type);
  c.header("vary", "accept-encoding");
  if (!/\bgzip\b/.test(c.req.header("accept-encoding") ?? "")) return c.body(body);
  c.header("content-encoding", "gzip");
  return c.body(zipped);
}
