import { once } from "node:events";
import { connect } from "node:net";
import type { Deliver, Incoming } from "odori";
import { encodeBatch, encodeJson, encodeMessage, HTTP } from "odori/cloudevents";
import { type HttpReceiveOptions, http } from "odori/http";
import { describe, expect, it } from "vitest";
import { SECRET, serve, signedHeaders } from "../servers/http.ts";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-ports.ts";
import { closing } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";

const STRUCTURED = { "content-type": "application/cloudevents+json" };
const BATCH = { "content-type": "application/cloudevents-batch+json" };

/** A receiver with one group that hears `order.placed.v1`. */
async function receiver(options: HttpReceiveOptions = { unsigned: true }, hold?: Deliver) {
  const bus = http({ receive: options });
  const server = await serve(bus.handler);
  const seen: Incoming[] = [];
  const hear = { group: "a", topics: [placed.type], inFlightMax: 10 };
  const subscription = await bus.subscribe(hear, async (incoming) => {
    seen.push(incoming);
    await hold?.(incoming);
  });
  const send = (body: string, headers: Readonly<Record<string, string>> = STRUCTURED) =>
    fetch(server.url, { method: "POST", headers, body });
  const close = async () => {
    await bus.close();
    await server.close();
  };
  return closing({ bus, url: server.url, seen, subscription, send, close });
}

const order = (sagaId = "s") => envelope(placed, sagaId, { orderId: sagaId });

describe("a request is read", () => {
  it("in each mode, and acknowledged without a body", async () => {
    await using on = await receiver();
    const events = Array.from({ length: 4 }, () => order());
    const [one, two, ...more] = events;
    if (one === undefined || two === undefined) throw new Error("two");
    const { headers, body } = encodeMessage(HTTP, one);
    const replies = [
      await on.send(body, Object.fromEntries(headers)),
      await on.send(encodeJson(two)),
      await on.send(encodeBatch(more), BATCH),
      await on.send("[]", BATCH),
    ];
    expect(replies.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(on.seen).toEqual(events);
  });

  it("a batch: each event by itself, as it was written, also one that cannot be read", async () => {
    await using on = await receiver();
    const good = order();
    const inexact = encodeJson(order()).replace('"data":{', '"data":{"n":12345678901234567890,');
    const broken = '{"specversion":"1.0","id":"x","type":"order.placed.v1"}';
    const body = `[ ${inexact} ,${encodeJson(good)},\n${broken}, "]\\"[", 7]`;
    const reply = await on.send(body, BATCH);
    expect([reply.status, await reply.text()]).toEqual([
      202,
      expect.stringMatching("^Kept, but: "),
    ]);
    expect(on.seen).toMatchObject([
      { malformed: true, topic: placed.type, raw: inexact, error: { code: "NUMBER_INEXACT" } },
      good,
      { malformed: true, topic: placed.type, raw: broken, error: { code: "MESSAGE_MALFORMED" } },
      { malformed: true, topic: "unreadable", raw: '"]\\"["' },
      { malformed: true, topic: "unreadable", raw: "7" },
    ]);
    const ids = on.seen.map((one) => ("malformed" in one ? one.id : one.id));
    expect(new Set(ids).size).toBe(5);
  });

  it("a batch that is not a list is one message, and none is too many", async () => {
    await using on = await receiver();
    expect((await on.send('{"a":1}', BATCH)).status).toBe(202);
    expect(on.seen).toMatchObject([{ malformed: true, raw: '{"a":1}' }]);
    expect((await on.send(`[${"1,".repeat(1_000)}1]`, BATCH)).status).toBe(413);
    expect(on.seen).toHaveLength(1);
  });

  it("a message that comes again has the same identity, also with other headers", async () => {
    await using on = await receiver({ secrets: [SECRET] });
    for (const id of ["msg_1", "msg_2"]) {
      const headers = { ...STRUCTURED, ...signedHeaders("{", { id }), date: id };
      expect((await on.send("{", headers)).status).toBe(202);
    }
    await on.send("[", { ...STRUCTURED, ...signedHeaders("[") });
    const [first, second, third] = on.seen.map((one) => one.id);
    expect([first, third]).toEqual([second, expect.not.stringMatching(first ?? "")]);
  });

  it("its attributes are kept of a message in binary mode that cannot be read", async () => {
    await using on = await receiver();
    const head = { "ce-specversion": "1.0", "ce-id": "7", "ce-type": placed.type };
    const own = { "ce-source": "/shop", "ce-sagaid": "s", "ce-tenant": "blue" };
    await on.send("<a/>", { ...head, ...own, "content-type": "application/xml" });
    expect(on.seen).toMatchObject([
      { malformed: true, topic: placed.type, head: { id: "7", sagaId: "s", source: "/shop" } },
    ]);
    expect(on.seen).toMatchObject([{ raw: expect.stringContaining('"tenant":"blue"') }]);
  });
});

describe("a request is refused", () => {
  const binary = Object.fromEntries(encodeMessage(HTTP, order()).headers);
  it.each([
    ["no CloudEvent", 415, "{}", { "content-type": "application/json" }],
    ["another format", 415, "<a/>", { "content-type": "application/cloudevents+xml" }],
    ["a compressed body", 415, "{}", { ...STRUCTURED, "content-encoding": "gzip" }],
    ["a type that it does not hear", 422, encodeJson(envelope(cancelled, "s", {})), STRUCTURED],
    ["a body above 1 MiB", 413, " ".repeat(1_048_577), STRUCTURED],
    ["a body far above 1 MiB", 413, " ".repeat(6_000_000), STRUCTURED],
  ])("%s", async (_what, status, body, headers) => {
    await using on = await receiver();
    const reply = await on.send(body, headers).catch((error: unknown) => String(error));
    // A sender that is still writing may see only that the connection is closed.
    if (typeof reply === "string") expect(body.length).toBeGreaterThan(4 * 1_048_576);
    else expect(reply.status).toBe(status);
    expect(on.seen).toEqual([]);
  });

  it("one event of a batch that it does not hear refuses the batch", async () => {
    await using on = await receiver();
    const body = encodeBatch([order(), envelope(cancelled, "s", {})]);
    const reply = await on.send(body, BATCH);
    expect([reply.status, await reply.text()]).toEqual([422, expect.stringMatching("cancelled")]);
    expect(on.seen).toEqual([]);
  });

  it("other methods", async () => {
    await using on = await receiver();
    for (const method of ["GET", "PUT", "DELETE"]) {
      const reply = await fetch(on.url, { method });
      expect([reply.status, reply.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    }
  });

  it("a body that was read before", async () => {
    const bus = closing(http({ receive: { unsigned: true } }));
    await using _ = bus;
    const server = await serve(async (request, response) => {
      for await (const _chunk of request);
      bus.handler(request, response);
    });
    const reply = await fetch(server.url, { method: "POST", body: "{}", headers: STRUCTURED });
    expect([reply.status, await reply.text()]).toEqual([500, expect.stringMatching("parser")]);
    await server.close();
  });

  it("unsigned, signed by others, replayed, or with tampered attributes", async () => {
    await using on = await receiver({ secrets: [SECRET] });
    const event = order();
    const body = encodeJson(event);
    const other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const old = new Date(Date.now() - 600_000);
    const tampered = encodeJson({ ...event, sagaId: "another saga" });
    const status = async (text: string, headers: Readonly<Record<string, string>>) =>
      (await on.send(text, { ...STRUCTURED, ...headers })).status;
    expect(await status(body, {})).toBe(401);
    expect(await status(body, signedHeaders(body, { secret: other }))).toBe(401);
    expect(await status(body, signedHeaders(body, { at: old }))).toBe(401);
    expect(await status(tampered, signedHeaders(body))).toBe(401);
    expect(on.seen).toEqual([]);
    expect(await status(body, signedHeaders(body))).toBe(204);
  });

  it("signed in binary mode: the signature does not cover the attributes", async () => {
    await using on = await receiver({ secrets: [SECRET] });
    const { body } = encodeMessage(HTTP, order());
    const structured = encodeJson(order());
    const replies = [
      await on.send(body, { ...binary, ...signedHeaders(body) }),
      // A structured event, with attributes of another in front of it.
      await on.send(structured, { ...binary, ...signedHeaders(structured) }),
    ];
    for (const reply of replies)
      expect([reply.status, await reply.text()]).toEqual([415, expect.stringMatching("headers")]);
    expect(on.seen).toEqual([]);
  });

  it("attributes in headers change nothing of a signed event in structured mode", async () => {
    await using on = await receiver({ secrets: [SECRET] });
    const event = order();
    const body = encodeJson(event);
    await on.send(body, { ...STRUCTURED, "ce-sagaid": "other", ...signedHeaders(body) });
    expect(on.seen).toEqual([event]);
  });
});

describe("the handshake of CloudEvents WebHook", () => {
  const ask = async (url: string, origin: string, more = {}) => {
    const headers = { "webhook-request-origin": origin, ...more };
    const reply = await fetch(url, { method: "OPTIONS", headers });
    const names = ["allow", "webhook-allowed-origin", "webhook-allowed-rate"];
    return [reply.status, ...names.map((name) => reply.headers.get(name))];
  };

  it("permits the origins that are named", async () => {
    await using on = await receiver({ unsigned: true, origins: ["shop.example"] });
    const rate = { "webhook-request-rate": "120" };
    const both = "POST, OPTIONS";
    expect(await ask(on.url, "shop.example")).toEqual([200, both, "shop.example", null]);
    expect(await ask(on.url, "shop.example", rate)).toEqual([200, both, "shop.example", "*"]);
    expect(await ask(on.url, "other.example", rate)).toEqual([200, both, null, null]);
  });

  it("permits none by default, and all with a star", async () => {
    await using none = await receiver();
    await using all = await receiver({ unsigned: true, origins: ["*"] });
    expect((await ask(none.url, "shop.example"))[2]).toBe(null);
    expect((await ask(all.url, "shop.example"))[2]).toBe("shop.example");
  });
});

describe("load", () => {
  it("slow headers and slow bodies are cut, and others go on", async () => {
    const port = await freePort();
    await using bus = closing(
      http({ receive: { unsigned: true, listen: { port, path: "/events" }, bodyMs: 50 } }),
    );
    const seen: Incoming[] = [];
    await bus.subscribe({ group: "a", topics: [placed.type], inFlightMax: 1 }, async (one) => {
      seen.push(one);
    });
    const socket = connect(port, "127.0.0.1");
    const lines = [
      "POST /events HTTP/1.1",
      "host: a",
      "content-type: application/cloudevents+json",
    ];
    socket.write(`${lines.join("\r\n")}\r\ncontent-length: 100\r\n\r\n{`);
    let said = "";
    socket.on("data", (chunk) => (said += chunk));
    const ended = once(socket, "close");
    const url = `http://127.0.0.1:${port}`;
    const init = { method: "POST", headers: STRUCTURED, body: encodeJson(order()) };
    // On a busy machine its body may be late too.
    const status = async () => (await fetch(`${url}/events`, init)).status;
    await eventually("another request is taken", status, 204);
    expect((await fetch(`${url}/other`, init)).status).toBe(404);
    await ended;
    expect(said).toMatch(/^HTTP\/1.1 408 /);
    expect(seen).toHaveLength(1);
  });

  it("a body that breaks off is not delivered", async () => {
    await using on = await receiver();
    const { port } = new URL(on.url);
    const socket = connect(Number(port), "127.0.0.1");
    const head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/cloudevents+json\r\n";
    socket.end(`${head}content-length: 9999\r\n\r\n${encodeJson(order())}`);
    await once(socket.resume(), "close");
    expect(on.seen).toEqual([]);
    expect((await on.send(encodeJson(order()))).status).toBe(204);
  });

  it("requests above the limit are told to come again", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    await using on = await receiver({ unsigned: true, requestsMax: 2 }, () => opened);
    const under = [on.send(encodeJson(order())), on.send(encodeJson(order()))];
    await eventually("both are under way", () => on.seen.length, 2);
    const reply = await on.send(encodeJson(order()));
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "1"]);
    open();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([204, 204]);
    expect((await on.send(encodeJson(order()))).status).toBe(204);
    expect(on.seen).toHaveLength(3);
  });

  it("a delivery that takes too long is told to come again, and keeps its place", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    await using on = await receiver({ unsigned: true, requestsMax: 1, replyMs: 20 }, () => opened);
    const reply = await on.send(encodeJson(order()));
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await (await on.send(encodeJson(order()))).text()).toMatch("Too many");
    open();
    const accepted = async () => (await on.send(encodeJson(order()))).status;
    await eventually("there is room again", accepted, 204);
  });

  it("a service that is not running is told to be asked again", async () => {
    await using on = await receiver();
    await on.subscription.close();
    const reply = await on.send(encodeJson(order()));
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "1"]);
  });

  it("no service of two misses an event while it restarts", async () => {
    await using on = await receiver();
    const heard: Incoming[] = [];
    const hear = { group: "b", topics: [placed.type], inFlightMax: 1 };
    const join = () => on.bus.subscribe(hear, async (one) => void heard.push(one));
    await (await join()).close();
    const body = encodeJson(order());
    expect((await on.send(body)).status).toBe(503);
    expect(on.seen).toEqual([]);
    await join();
    expect((await on.send(body)).status).toBe(204);
    expect([on.seen.length, heard.length]).toEqual([1, 1]);
  });

  it("close waits until what is under way has its reply", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const port = await freePort();
    const bus = http({ receive: { unsigned: true, listen: { port } } });
    let begun = false;
    const hear = { group: "a", topics: [placed.type], inFlightMax: 1 };
    const subscription = await bus.subscribe(hear, async () => {
      begun = true;
      await opened;
    });
    const url = `http://127.0.0.1:${port}/`;
    const init = { method: "POST", headers: STRUCTURED, body: encodeJson(order()) };
    const replied = fetch(url, init);
    await eventually("it is in flight", () => begun);
    const left = subscription.close();
    const refused = await fetch(url, init);
    const closed = bus.close();
    open();
    await Promise.all([left, closed]);
    expect([(await replied).status, refused.status]).toEqual([204, 503]);
    await expect(fetch(url, init)).rejects.toThrow();
  });
});

describe("mounted", () => {
  it("close waits for the requests under way", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const happened: string[] = [];
    await using on = await receiver({ unsigned: true }, async () => {
      await opened;
      happened.push("delivered");
    });
    const replied = on.send(encodeJson(order()));
    await eventually("it is in flight", () => on.seen.length, 1);
    const closed = on.bus.close().then(() => happened.push("closed"));
    expect((await on.send(encodeJson(order()))).status).toBe(503);
    open();
    await closed;
    expect((await replied).status).toBe(204);
    expect(happened).toEqual(["delivered", "closed"]);
  });

  it("as a handler of the Fetch API", async () => {
    await using bus = closing(http({ receive: { secrets: [SECRET] } }));
    const seen: Incoming[] = [];
    await bus.subscribe({ group: "a", topics: [placed.type], inFlightMax: 1 }, async (one) => {
      seen.push(one);
    });
    const event = order();
    const body = encodeJson(event);
    const request = (headers: Readonly<Record<string, string>>) =>
      new Request("https://a.example/", { method: "POST", headers, body });
    const good = request({ ...STRUCTURED, ...signedHeaders(body) });
    expect((await bus.fetch(good)).status).toBe(204);
    expect((await bus.fetch(good)).status).toBe(500);
    const refused = await bus.fetch(request(STRUCTURED));
    expect([refused.status, await refused.text()]).toEqual([
      401,
      expect.stringMatching("unsigned"),
    ]);
    expect(seen).toEqual([event]);
  });

  it("a bus without receive takes nothing", async () => {
    await using bus = closing(http({}));
    expect((await bus.fetch(new Request("http://a.example/"))).status).toBe(503);
    const hear = { group: "a", topics: [placed.type], inFlightMax: 1 };
    await expect(bus.subscribe(hear, async () => {})).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
    const silent = await bus.subscribe({ ...hear, topics: [] }, async () => {});
    await silent.close();
  });

  it("two groups that subscribe at once share the socket", async () => {
    const port = await freePort();
    await using bus = closing(http({ receive: { unsigned: true, listen: { port } } }));
    const seen: string[] = [];
    const join = (group: string) =>
      bus.subscribe({ group, topics: [placed.type], inFlightMax: 1 }, async () => {
        seen.push(group);
      });
    await Promise.all([join("a"), join("b")]);
    const init = { method: "POST", headers: STRUCTURED, body: encodeJson(order()) };
    expect((await fetch(`http://127.0.0.1:${port}/`, init)).status).toBe(204);
    expect(seen).toEqual(["a", "b"]);
  });

  it("a port that is taken is said", async () => {
    const port = await freePort();
    const listening = () => closing(http({ receive: { unsigned: true, listen: { port } } }));
    await using one = listening();
    await using two = listening();
    const hear = { group: "a", topics: [], inFlightMax: 1 };
    await one.subscribe(hear, async () => {});
    const refused = two.subscribe(hear, async () => {});
    await expect(refused).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
    await one.close();
    const subscription = await two.subscribe(hear, async () => {});
    await subscription.check?.();
  });
});
