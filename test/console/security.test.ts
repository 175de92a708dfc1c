import { odoriConsole } from "odori/console";
import { sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { ConsoleStage, ORIGIN, TOKEN } from "./stage.ts";

const READS = [
  ...["about", "map", "sagas", "sagas/s-0", "parked", "parked/groups", "services", "ledger"],
  ...["proof", "events", "events/order.opened.v1", "actions", "jobs", "live"],
].map((path) => `/api/v1/${path}`);
const WRITES = ["parked/preview", "parked/retry", "parked/discard", "jobs/x/stop"].map(
  (path) => `/api/v1/${path}`,
);

const replied = ({ status, body }: Awaited<ReturnType<ConsoleStage["ask"]>>) => [
  status,
  body?.error?.code,
];

describe("attacks on the console", () => {
  it("a page of others cannot ask under a name of its own: DNS rebinding", async () => {
    await using stage = await ConsoleStage.open(["done"], {
      hosts: ["localhost", "shop.example"],
    });
    const under = async (host: string, path = "/api/v1/about") =>
      replied(await stage.ask(path, { headers: { host } }));
    const refused = [421, "HOST_REFUSED"];
    for (const path of [...READS, "/", "/metrics", "/healthz", "/nothing"])
      expect([path, ...(await under("evil.example", path))]).toEqual([path, ...refused]);
    for (const host of [
      "shop.example.evil.example",
      "xshop.example",
      "",
      "localhost:80@evil",
      "[::1]",
    ])
      expect([host, ...(await under(host))]).toEqual([host, ...refused]);
    expect(await under("shop.example")).toEqual([200, undefined]);
    expect(await under("SHOP.example:4280")).toEqual([200, undefined]);
  });

  it("without the token nothing is read, and nothing is told of what there is", async () => {
    await using stage = await ConsoleStage.open(["done", "wrong"]);
    for (const path of [...READS, "/metrics", "/api/v1/sagas/none", "/api/v1/nothing"])
      for (const headers of [
        {},
        { authorization: `Bearer ${TOKEN}x` },
        { cookie: "odori_console=x" },
      ])
        expect([path, ...replied(await stage.bare(path, { headers }))]).toEqual([
          ...[path, 401, "TOKEN_REFUSED"],
        ]);
    expect((await stage.bare("/healthz")).body).toEqual({ live: true });
  });

  it("the token becomes a cookie that no script reads and no other page sends", async () => {
    await using stage = await ConsoleStage.open(["done"], { base: "" });
    const open = (token: unknown, headers: Readonly<Record<string, string>> = {}) =>
      stage.bare("/api/v1/session", {
        ...{ method: "POST", body: JSON.stringify({ token }) },
        headers: {
          "content-type": "application/json",
          "odori-console": "1",
          origin: ORIGIN,
          ...headers,
        },
      });
    for (const wrong of ["", "x", `${TOKEN} `, TOKEN.toUpperCase()])
      expect(replied(await open(wrong))).toEqual([401, "TOKEN_REFUSED"]);
    for (const wrong of [1, null, ["a"], "x".repeat(2_000)])
      expect(replied(await open(wrong))[0]).toBeGreaterThanOrEqual(400);
    expect(replied(await open(TOKEN, { origin: "http://evil.example" }))[0]).toBe(403);
    const { status, headers, text } = await open(TOKEN);
    const cookie = headers.get("set-cookie") ?? "";
    expect([status, text]).toEqual([204, ""]);
    expect(cookie).toMatch(
      /^odori_console_[0-9a-f]{8}=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=/,
    );
    expect(cookie).not.toContain(TOKEN);
    const [pair = ""] = cookie.split(";");
    expect(
      (await stage.bare("/api/v1/about", { headers: { cookie: `a=b; ${pair}` } })).status,
    ).toBe(200);
    const secure = await open(TOKEN, { origin: "https://localhost" });
    expect(secure.headers.get("set-cookie")).toContain("; Secure");
  });

  it("a write comes from our own page, as JSON with our header", async () => {
    await using stage = await ConsoleStage.open(["wrong"], { allow: ["retry", "discard"] });
    const own = { "content-type": "application/json", "odori-console": "1", origin: ORIGIN };
    const without = (name: string) =>
      Object.fromEntries(Object.entries(own).filter(([one]) => one !== name));
    const attacks = [
      ...Object.keys(own).map(without),
      { ...own, "content-type": "text/plain" },
      { ...own, "content-type": "application/x-www-form-urlencoded" },
      { ...own, "content-type": "multipart/form-data; boundary=application/json" },
      { ...own, "odori-console": "2" },
      ...[
        "null",
        "http://evil.example",
        "http://localhost.evil.example",
        "http://localhost:81",
      ].map((origin) => ({ ...own, origin })),
      { ...own, "sec-fetch-site": "cross-site" },
      { ...own, "sec-fetch-site": "same-site" },
    ];
    const body = JSON.stringify({ ids: ["payment/1"] });
    for (const path of [...WRITES, "/api/v1/session"])
      for (const attack of attacks)
        expect([
          path,
          ...replied(await stage.ask(path, { method: "POST", body, headers: attack })),
        ]).toEqual([path, 403, "ORIGIN_REFUSED"]);
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"])
      expect(replied(await stage.ask("/api/v1/parked/retry", { method, headers: own }))).toEqual([
        ...[405, "METHOD_REFUSED"],
      ]);
    expect((await stage.ask("/api/v1/parked")).body.total).toBe(1);
    expect((await stage.ask("/api/v1/actions")).body.actions).toEqual([]);
  });

  it("it only reads, but for what is allowed", async () => {
    await using stage = await ConsoleStage.open(["wrong"], { allow: ["discard"] });
    expect(replied(await stage.post("/api/v1/parked/retry", { ids: ["payment/1"] }))).toEqual([
      ...[403, "NOT_ALLOWED"],
    ]);
    const preview = { action: "retry", ids: ["payment/1"] };
    expect((await stage.post("/api/v1/parked/preview", preview)).status).toBe(200);
    expect((await stage.ask("/api/v1/about")).body.allowed).toEqual(["discard"]);
  });

  it("no reply may be read by another origin, framed, or run as a script", async () => {
    await using stage = await ConsoleStage.open(["done"]);
    for (const path of ["/", "/healthz", "/metrics", "/nothing", "/api/v1/about", "/api/v1/x"]) {
      const { headers } = await stage.ask(path, { headers: { origin: "http://evil.example" } });
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      const policy = headers.get("content-security-policy") ?? "";
      for (const rule of [
        ...["default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'none'"],
        ...["frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"],
      ])
        expect(policy).toContain(rule);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  it("queries and bodies are bounded, and are never a part of a statement", async () => {
    await using stage = await ConsoleStage.open(["done", "wrong"]);
    const bad = [
      ...["sagas?limit=501", "sagas?limit=0", "sagas?limit=1e2", "sagas?limit=-1", "sagas?limit=x"],
      ...["sagas?verdict=none", "sagas?older=1y", "sagas?after=1", "sagas?nothing=1"],
      ...["sagas?limit=1&limit=2", `sagas?id=${"x".repeat(513)}`, "sagas/s-0?limit=2001"],
      ...["parked?limit=501", "parked?after='--", "parked?state=x", "map?level=x", "map?back=yes"],
      ...["map?level=reactions", "live?level=x"],
    ];
    for (const path of bad)
      expect([path, ...replied(await stage.ask(`/api/v1/${path}`))]).toEqual([
        ...[path, 400, "QUERY_INVALID"],
      ]);
    const injected = encodeURIComponent("' OR 1=1; DROP TABLE saga; --");
    for (const name of ["at", "correlation", "id"])
      expect((await stage.ask(`/api/v1/sagas?${name}=${injected}`)).body.sagas).toEqual([]);
    expect((await stage.ask("/api/v1/sagas")).body.sagas).toHaveLength(2);
    const large = await stage.post("/api/v1/parked/preview", { ids: ["x".repeat(200_000)] });
    expect(replied(large)).toEqual([413, "QUERY_INVALID"]);
    for (const body of [
      ...[null, [], 1, {}, { action: "retry" }, { action: "drop", ids: ["payment/1"] }],
      { action: "retry", ids: [] },
      { action: "retry", ids: Array.from({ length: 1_001 }, (_, n) => `payment/${n}`) },
      { action: "retry", ids: ["../x"] },
      { action: "retry", ids: [{}] },
      { action: "retry", ids: ["payment/1"], filter: {} },
      { action: "retry", filter: { state: "done" } },
      { action: "retry", filter: { code: { $ne: 1 } } },
      { action: "retry", ids: ["payment/1"], constructor: {} },
    ])
      expect(replied(await stage.post("/api/v1/parked/preview", body))).toEqual([
        ...[400, "QUERY_INVALID"],
      ]);
  });

  it("no path reaches a file that is not the page's", async () => {
    await using stage = await ConsoleStage.open(["done"]);
    for (const path of [
      ...["/../package.json", "/..%2fpackage.json", "/%2e%2e/package.json", "/page.js/../../x"],
      ...["/.env", "/payment.db", "/index.html.bak", "//etc/passwd", "/api/v1/../../package.json"],
    ])
      expect([path, (await stage.ask(path)).status]).toEqual([path, 404]);
  });

  it("no reply has a payload unless it is allowed, and then masked", async () => {
    await using closed = await ConsoleStage.open(["wrong"]);
    for (const path of ["/api/v1/sagas/s-0", "/api/v1/parked"])
      expect((await closed.ask(path)).text).not.toContain("payload");
    await using open = await ConsoleStage.open(["wrong"], { allow: ["payloads"] });
    const [row] = (await open.ask("/api/v1/parked")).body.parked;
    expect(row.payload).toEqual({
      text: JSON.stringify({ orderId: "wrong" }, undefined, 2),
      masked: [],
      cut: false,
    });
    expect((await open.ask("/api/v1/sagas/s-0")).body.why[0].payload).toEqual(row.payload);
  });

  it("a failure tells neither a host nor a credential", async () => {
    await using stage = await ConsoleStage.open(["done"]);
    const secret = "postgres://user:secret@db.internal/shop";
    const source = Object.assign(Object.create(sqliteSource(stage.path)), {
      about: () => Promise.reject(new Error(secret)),
      close: async () => {},
    });
    const failing = odoriConsole({ sources: [source], token: TOKEN });
    try {
      const headers = { authorization: `Bearer ${TOKEN}` };
      for (const path of ["/api/v1/sagas/x", "/api/v1/about", "/api/v1/services", "/metrics"]) {
        const reply = await failing.fetch(new Request(`${ORIGIN}${path}`, { headers }));
        expect(await reply.text()).not.toMatch(/secret|internal/);
      }
    } finally {
      await failing.close();
    }
  });

  it("a console without a token, or a short one, is refused", async () => {
    await using stage = await ConsoleStage.open(["done"]);
    const sources = [sqliteSource(stage.path)];
    const invalid = expect.objectContaining({ code: "OPTION_INVALID" });
    expect(() => odoriConsole({ sources, token: "" })).toThrow(invalid);
    expect(() => odoriConsole({ sources, token: "short" })).toThrow(invalid);
    expect(() => odoriConsole({ sources: [], token: TOKEN })).toThrow(invalid);
    expect(() => odoriConsole({ sources, token: TOKEN, base: "odori" })).toThrow(invalid);
    for (const source of sources) await source.close();
  });
});
