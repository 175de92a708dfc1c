import { join } from "node:path";
import { sqlite, sqliteSource } from "odori/sqlite";
import { httpSource, type SourcePermission, sourceHandler } from "odori/web";
import { describe, expect, it } from "vitest";
import { sampleDeferred, sampleEntry, writes } from "../../src/conformance/samples.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { REPLY_MAX_BYTES, REQUEST_MAX_BYTES } from "../../src/web/source-limits.ts";
import { ran } from "../console/stage.ts";
import { Endpoint, TOKEN } from "../support/endpoint.ts";
import { closing, temporaryFolder } from "../support/scope.ts";

const ABOUT = { service: "shop", declarations: [] };
const ROW = {
  ...{ reaction: "charge", source: "/order", id: "1", type: "order.placed.v1", sagaId: "s" },
  ...{ disposition: "done", emitted: [], duplicates: 0, seq: 1, at: 1 },
};
const PAGE = { rows: [ROW], cursor: "1", more: false, complete: true, upTo: 1, gaps: [] };
const DEFERRED = {
  ...{ seq: 1, reaction: "charge", sagaId: "s", source: "/order", id: "1", attempts: 1 },
  ...{ type: "order.placed.v1", state: "parked", claims: 0, dueAt: 1, at: 1 },
  body: { malformed: false, text: "[null]" },
};
const HISTORY = { born: 1, sagaId: "s", last: 1, correlationId: "s", journal: [], deferred: [] };

/** An endpoint that replies with anything, to each question. */
async function hostile(reply: unknown, status = 200): Promise<Endpoint> {
  const text = typeof reply === "string" ? reply : JSON.stringify(reply);
  return Endpoint.open((_, response) => response.writeHead(status).end(text));
}

/** The endpoint of a database in which one delivery is parked. */
async function parkedShop(...allow: readonly SourcePermission[]) {
  const folder = temporaryFolder("source");
  const path = join(folder.path, "shop.db");
  const store = sqlite(path);
  await store.open({ service: "shop", owner: "p", leaseMs: 1, now: Date.now });
  const problem = { code: "HANDLER_FAILED", message: "no", stack: "at charge.ts:1" };
  await store.transaction((tx) =>
    tx.write(
      writes({
        journal: [
          sampleEntry("1", { disposition: "parked" }),
          sampleEntry("e", { emitted: [{ id: "e1", type: "order.placed.v1" }] }),
        ],
        defer: [
          sampleDeferred("1", {
            ...{ state: "parked", problem },
            body: { malformed: false, text: '[{"data":"4111"}]' },
          }),
        ],
      }),
    ),
  );
  await store.close();
  const source = sqliteSource(path);
  const { fetch } = sourceHandler(source, { token: TOKEN, allow });
  const ask = async (question: unknown, init: RequestInit = {}) => {
    const body = typeof question === "string" ? question : JSON.stringify(question);
    const headers = { authorization: `Bearer ${TOKEN}` };
    return fetch(new Request("http://shop/source", { method: "POST", body, headers, ...init }));
  };
  return {
    ask,
    async [Symbol.asyncDispose]() {
      await source.close();
      folder[Symbol.dispose]();
    },
  };
}

describe("the endpoint of a source", () => {
  it("replies to nothing without its token", async () => {
    await using shop = await parkedShop();
    const question = { call: "about" };
    for (const authorization of [
      "",
      "Bearer",
      "Bearer wrong",
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
    ])
      expect((await shop.ask(question, { headers: { authorization } })).status).toBe(401);
    expect((await shop.ask(question, { method: "PUT" })).status).toBe(405);
    expect((await shop.ask(question)).status).toBe(200);
    const source = httpSource({ url: "http://shop/source", token: TOKEN });
    expect(() => sourceHandler(source, { token: "short" })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });

  it("takes bounded questions alone, and gives bounded pages", async () => {
    await using shop = await parkedShop();
    const long = "x".repeat(5_000);
    for (const question of [
      ...["", "[]", "null", "{}", '{"call":"close"}', '{"call":"feed"}', '{"call":"__proto__"}'],
      ...[
        { call: "feed", limit: -1 },
        { call: "feed", limit: 1.5 },
        { call: "feed", limit: "9" },
      ],
      ...[
        { call: "feed", limit: 1, after: "1; DROP" },
        { call: "journal", sagaId: 1, limit: 1 },
      ],
      { call: "histories", ids: Array.from({ length: 251 }, () => "s") },
      ...[
        { call: "histories", ids: [long] },
        { call: "deferred", states: ["all"], limit: 1 },
      ],
      ...[
        { call: "list", query: { limit: 1, among: {} } },
        { call: "retry", seq: "1" },
      ],
      `{"call":"about","more":"${"x".repeat(REQUEST_MAX_BYTES)}"}`,
    ]) {
      const reply = await shop.ask(question);
      expect([reply.status, JSON.stringify(question).slice(0, 80)]).toEqual([
        400,
        expect.any(String),
      ]);
    }
    expect((await shop.ask({ call: "feed", limit: 1_000_000_000 })).status).toBe(200);
  });

  it("only reads, but for what is allowed", async () => {
    await using shop = await parkedShop();
    for (const question of [
      { call: "retry", seq: 1 },
      { call: "discard", seq: 1, reason: "by hand" },
    ]) {
      const reply = await shop.ask(question);
      expect(reply.status).toBe(403);
      expect(await reply.json()).toMatchObject({ error: { code: "NOT_ALLOWED" } });
    }
    await using other = await parkedShop("retry");
    expect((await other.ask({ call: "discard", seq: 1, reason: "by hand" })).status).toBe(403);
    expect((await other.ask({ call: "retry", seq: 1 })).status).toBe(200);
    expect((await other.ask({ call: "retry", seq: 1 })).status).toBe(409);
  });

  it("publishes again what the service has emitted, and nothing else", async () => {
    const emitted = { id: "e1", type: "order.placed.v1" };
    await using shop = await parkedShop("republish");
    const ask = (event: unknown) => shop.ask({ call: "republish", event });
    const event = (more: object) =>
      JSON.stringify({
        ...{ specversion: "1.0", ...emitted, source: "/shop", sagaid: "saga of e" },
        ...{ correlationid: "saga of e", time: "2026-01-02T03:04:05Z", data: {} },
        ...more,
      });
    for (const refused of [
      ...["{}", "", 1, event({ id: "e2" }), event({ type: "order.paid.v1" })],
      ...[event({ sagaid: "another" }), event({ specversion: "9" })],
    ])
      expect([(await ask(refused)).status, refused]).toEqual([400, refused]);
    expect((await ask(event({}))).status).toBe(200);
    expect(await (await shop.ask({ call: "counts" })).json()).toMatchObject({ outbox: 1 });
    const flow = { call: "counts", deferred: false };
    expect(await (await shop.ask(flow)).json()).toMatchObject({ outbox: 1, deferred: {} });
    await using other = await parkedShop("retry", "discard", "payloads");
    expect((await other.ask({ call: "republish", event: event({}) })).status).toBe(403);
  });

  it("keeps payloads and stacks to itself", async () => {
    const questions = [
      { call: "deferred", states: ["parked"], limit: 9 },
      { call: "histories", ids: ["saga of 1"] },
    ];
    await using shop = await parkedShop("retry");
    const replies = [...questions, { call: "retry", seq: 1 }].map((one) => () => shop.ask(one));
    for (const reply of replies) {
      const text = await (await reply()).text();
      expect(text).toContain("order.placed.v1");
      expect(text).not.toMatch(/4111|charge\.ts/);
    }
    await using open = await parkedShop("payloads");
    for (const one of questions) expect(await (await open.ask(one)).text()).toContain("4111");
  });
});

describe("a source over HTTP", () => {
  it.each([
    ["about", [{}, [], "x", "{", null, { ...ABOUT, service: "../x" }, { ...ABOUT, service: 1 }]],
    [
      "about",
      ["{", '{"name":1,"services":[{}]}', '{"name":"a","services":{"shop":{"reactions":[1]}}}'].map(
        (manifest) => ({
          ...ABOUT,
          declarations: [{ fingerprint: "f", manifest, firstAt: 1, lastAt: 1 }],
        }),
      ),
    ],
    ["about", [{ ...ABOUT, service: "payment" }]],
    ["feed", [{}, { ...PAGE, rows: [ROW, ROW] }, { ...PAGE, cursor: 1 }, { ...PAGE, upTo: "1" }]],
    [
      "feed",
      [
        ...[{ at: 1.5 }, { at: "1" }, { seq: -1 }, { disposition: "gone" }, { emitted: {} }],
        ...[{ sagaId: null }, { emitted: [{ id: "1" }] }, { type: "x".repeat(5_000) }],
        ...[{ sagaId: "a\u0000b" }, { sagaId: "\ud800" }, { sagaId: "x".repeat(5_000) }],
      ].map((change) => ({ ...PAGE, rows: [{ ...ROW, ...change }] })),
    ],
    ["histories", [{}, [HISTORY, 1], [{ ...HISTORY, journal: [{}] }], [{ ...HISTORY, born: 0.5 }]]],
    ["histories", [[{ ...HISTORY, sagaId: "a\u0000b" }], [{ ...HISTORY, sagaId: "\ud800" }]]],
    [
      "histories",
      [
        { state: "new" },
        { body: {} },
        { body: { malformed: false, text: "{" } },
        { dueAt: null },
      ].map((change) => [{ ...HISTORY, deferred: [{ ...DEFERRED, ...change }] }]),
    ],
    ["counts", [{}, { processes: 1, outbox: 1, outboxOldestMs: 0, deferred: { parked: "1" } }]],
    ["outbox", [{}, [{ id: 1 }], [{ id: "1", type: "t.v1", sagaId: "a\u0000b", at: 1 }]]],
  ] as const)("takes no reply about %s that is not one (%#)", async (call, replies) => {
    for (const reply of replies) {
      await using endpoint = await hostile(reply);
      const source = endpoint.source({ service: "shop" });
      const asked =
        call === "about"
          ? source.about()
          : call === "feed"
            ? source.feed(undefined, 1)
            : call === "outbox"
              ? source.outbox(1)
              : call === "counts"
                ? source.inspect.counts()
                : source.inspect.histories(["s"]);
      await expect(asked, JSON.stringify(reply)).rejects.toMatchObject({
        code: "SOURCE_MALFORMED",
      });
    }
  });

  it("takes those that are, and nothing of a saga that was not asked for", async () => {
    await using page = await hostile({ ...PAGE, more: true, rows: [] });
    expect(await page.source().feed(undefined, 1)).toMatchObject({ more: false });
    const stranger = { ...HISTORY, sagaId: "other" };
    await using endpoint = await hostile([HISTORY, stranger, HISTORY]);
    const found = await endpoint.source().inspect.histories(["s"]);
    expect(found.map(({ sagaId }) => sagaId)).toEqual(["s"]);
  });

  it.each([
    ["a wrong token", 401, "LOGIN_REFUSED"],
    ["a path that is not there", 404, "STORE_UNAVAILABLE"],
    ["a failure", 500, "STORE_UNAVAILABLE"],
  ])("says what is wrong at %s", async (_, status, code) => {
    await using endpoint = await hostile({ error: { code: "CONSTRUCTOR" } }, status);
    await expect(endpoint.source().about()).rejects.toMatchObject({ code });
  });

  it("follows no redirect, and neither waits for ever nor reads without an end", async () => {
    const asked: (string | undefined)[] = [];
    await using thief = await Endpoint.open((request, response) => {
      asked.push(request.headers.authorization);
      response.end(JSON.stringify(ABOUT));
    });
    await using moved = await Endpoint.open((_, response) =>
      response.writeHead(307, { location: thief.url }).end(),
    );
    await expect(moved.source().about()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(asked).toEqual([]);
    await using still = await Endpoint.open(() => {});
    await expect(still.source({ timeoutMs: 50 }).about()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    const piece = Buffer.alloc(8 * 1024 * 1024, "[");
    let sent = 0;
    await using endless = await Endpoint.open((_, response) => {
      const more = () => {
        sent += piece.length;
        if (response.write(piece)) setImmediate(more);
      };
      response.on("drain", more);
      more();
    });
    const source = endless.source({ timeoutMs: 120_000 });
    await expect(source.about()).rejects.toMatchObject({ code: "SOURCE_MALFORMED" });
    expect(sent).toBeLessThan(4 * REPLY_MAX_BYTES);
  });

  it("is refused with credentials in its address, or a token that can be guessed", () => {
    for (const url of ["http://user:secret@shop/source", "ftp://shop", "shop/source"])
      expect(() => httpSource({ url, token: TOKEN })).toThrow(
        expect.objectContaining({ code: "OPTION_INVALID" }),
      );
    expect(() => httpSource({ url: "http://shop/source", token: "short" })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });

  it("a hostile service is away, and the others are observed", async () => {
    using folder = temporaryFolder("source");
    const path = join(folder.path, "payment.db");
    await ran(path, ["done", "silent"]);
    await using own = closing(sqliteSource(path));
    await using endpoint = await Endpoint.open((request, response) => {
      request.resume();
      response.end(JSON.stringify({ ...ABOUT, ...PAGE, rows: [{ ...ROW, at: "now" }] }));
    });
    const projection = new Projection(":memory:");
    const observer = new Observer({ sources: [endpoint.source(), own], projection });
    await observer.readFeeds();
    await observer.readFeeds();
    expect(observer.away).toMatchObject([{ service: "shop", code: "SOURCE_MALFORMED" }]);
    expect(projection.counts().size).toBe(1);
    projection.close();
  });
});
