import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import type { EventEnvelope } from "odori";
import { checkAccepted, type PublishResult } from "odori/adapter";
import { encodeBatch, encodeJson } from "odori/cloudevents";
import { diagnose, type HttpSubscriber, http } from "odori/http";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { delayOf } from "../../src/adapters/http/post.ts";
import { SECRET, serve } from "../servers/http.ts";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-ports.ts";
import { closing } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";

interface Got {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Says {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** A subscriber that replies what the test says, and a bus that sends to it. */
async function subscriber(
  change: Partial<HttpSubscriber> = {},
  says: (got: Got, request: IncomingMessage) => Says | Promise<Says> = () => ({ status: 202 }),
) {
  const got: Got[] = [];
  const server = await serve(async (request, response) => {
    const { method, headers } = request;
    const one = { method, headers, body: (await buffer(request)).toString() };
    got.push(one);
    const { status, headers: head = {}, text = "" } = await says(one, request);
    response.writeHead(status, head).end(text);
  });
  const to = (more: Partial<HttpSubscriber> = {}): HttpSubscriber => ({
    url: server.url,
    hears: [placed.type],
    ...change,
    ...more,
  });
  const bus = http({ subscribers: [to()] });
  const close = async () => {
    await bus.close();
    await server.close();
  };
  return closing({ got, bus, to, url: server.url, close });
}

const order = (sagaId = "s") => envelope(placed, sagaId, { orderId: sagaId });
const codes = (results: readonly PublishResult[]) =>
  results.map((one) => (one.accepted ? "accepted" : one.error.code));

/** Publishes until accepted, as the runtime does. */
async function accepted(publish: () => Promise<readonly PublishResult[]>): Promise<void> {
  await eventually("it is accepted", async () => codes(await publish()), ["accepted"]);
}

describe("an event is posted", () => {
  it("in binary mode, with own headers", async () => {
    const headers = { Authorization: "Bearer x", "Content-Type": "text/plain" };
    await using on = await subscriber({ headers });
    checkAccepted(await on.bus.publish([envelope(placed, "a b", { orderId: "é" })]));
    expect(on.got).toMatchObject([
      {
        method: "POST",
        headers: {
          authorization: "Bearer x",
          "content-type": "application/json",
          "ce-type": placed.type,
          "ce-sagaid": "a%20b",
        },
        body: '{"orderId":"é"}',
      },
    ]);
  });

  it("signed, in structured mode, with each of the secrets", async () => {
    const other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    await using on = await subscriber({ secrets: [other, SECRET] });
    const event = order();
    checkAccepted(await on.bus.publish([event]));
    const [one] = on.got;
    if (one === undefined) throw new Error("nothing came");
    const { headers, body } = one;
    expect(headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
    expect(headers["ce-id"]).toBe(undefined);
    expect(body).toBe(encodeJson(event));
    const given = new Map(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    for (const secret of [other, SECRET])
      expect(new Webhook(secret).verify(body, Object.fromEntries(given))).toMatchObject({
        id: event.id,
      });
  });

  it("in batches, of what is published together", async () => {
    await using on = await subscriber({ mode: "batch" });
    const events = Array.from({ length: 60 }, () => order());
    checkAccepted(await on.bus.publish(events));
    expect(on.got.map(({ body }) => body)).toEqual([
      encodeBatch(events.slice(0, 50)),
      encodeBatch(events.slice(50)),
    ]);
    expect(on.got[0]?.headers["content-type"]).toMatch("application/cloudevents-batch+json");
  });

  it("to no subscriber, if that is said, and else it is refused", async () => {
    const bus = closing(http({ unheard: [placed.type] }));
    await using _ = bus;
    const results = await bus.publish([order(), envelope(cancelled, "s", {})]);
    expect(codes(results)).toEqual(["accepted", "UNROUTABLE"]);
  });
});

describe("the status is the answer", () => {
  it.each([
    [200, "accepted"],
    [202, "accepted"],
    [204, "accepted"],
    [301, "ENDPOINT_AWAY"],
    [307, "ENDPOINT_AWAY"],
    [400, "BUS_REFUSED"],
    [401, "BUS_FORBIDDEN"],
    [403, "BUS_FORBIDDEN"],
    [404, "ENDPOINT_AWAY"],
    [408, "ENDPOINT_AWAY"],
    [410, "BUS_REFUSED"],
    [413, "PAYLOAD_TOO_LARGE"],
    [415, "BUS_REFUSED"],
    [422, "BUS_REFUSED"],
    [425, "ENDPOINT_AWAY"],
    [429, "ENDPOINT_AWAY"],
    [500, "ENDPOINT_AWAY"],
    [503, "ENDPOINT_AWAY"],
  ])("%i: %s", async (status, code) => {
    const headers = { location: "/elsewhere" };
    await using on = await subscriber({}, () => ({ status, headers, text: "because" }));
    const [result] = await on.bus.publish([order()]);
    expect(codes(result === undefined ? [] : [result])).toEqual([code]);
    if (result?.accepted === false && status !== 204)
      expect(result.error.message).toMatch(`it replied ${status}`);
    expect(on.got).toHaveLength(1);
  });

  it("the reason is bounded, and safe on a terminal", async () => {
    const text = `\u001b[31m${"x".repeat(10_000_000)}`;
    await using on = await subscriber({}, () => ({ status: 400, text }));
    const [result] = await on.bus.publish([order()]);
    const message = result?.accepted === false ? result.error.message : "";
    expect(message).toMatch("xxx");
    expect(message.length).toBeLessThan(500);
    expect(message).not.toMatch("\u001b");
  });

  it("a batch that is refused is sent again one by one", async () => {
    const refuses = ({ body }: Got) => ({ status: body.includes('"bad"') ? 422 : 204 });
    await using on = await subscriber({ mode: "batch" }, refuses);
    const results = await on.bus.publish([order(), order("bad"), order()]);
    expect(codes(results)).toEqual(["accepted", "BUS_REFUSED", "accepted"]);
    expect(on.got).toHaveLength(4);
  });

  it.each([
    [503, "ENDPOINT_AWAY"],
    [401, "BUS_FORBIDDEN"],
  ])("a batch that is answered with %i is not sent one by one", async (status, code) => {
    await using on = await subscriber({ mode: "batch" }, () => ({ status }));
    const results = await on.bus.publish([order(), order()]);
    expect(codes(results)).toEqual([code, code]);
    expect(on.got).toHaveLength(1);
  });

  it("a reply without end is not read to its end", async () => {
    const server = await serve((_request, response) => {
      response.writeHead(400);
      const more = () => void response.write("x".repeat(10_000), (error) => error ?? more());
      more();
    });
    const subscribers = [{ url: server.url, hears: [placed.type] }];
    await using bus = closing(http({ subscribers, timeoutMs: 5_000 }));
    expect(codes(await bus.publish([order()]))).toEqual(["BUS_REFUSED"]);
    await server.close();
  });
});

describe("a subscriber that is away", () => {
  it("is not asked before the time that it names", async () => {
    const headers = { "retry-after": "3600" };
    await using on = await subscriber({}, () => ({ status: 429, headers }));
    const results = [await on.bus.publish([order()]), await on.bus.publish([order()])];
    expect(results.map(codes)).toEqual([["ENDPOINT_AWAY"], ["ENDPOINT_AWAY"]]);
    expect(on.got).toHaveLength(1);
  });

  it("Retry-After is seconds or a date, and bounded", () => {
    const now = Date.parse("2026-01-02T03:04:05Z");
    expect(delayOf("7", now)).toBe(7_000);
    expect(delayOf("Fri, 02 Jan 2026 03:04:15 GMT", now)).toBe(10_000);
    expect(delayOf("Fri, 02 Jan 2026 03:04:00 GMT", now)).toBe(0);
    expect(delayOf("99999999999", now)).toBe(300_000);
    expect([delayOf("soon", now), delayOf(null, now)]).toEqual([undefined, undefined]);
  });

  it("is asked again, and gets the events once it is there", async () => {
    let status = 503;
    await using on = await subscriber({}, () => ({ status }));
    const event = order();
    for (let i = 0; i < 3; i++)
      expect(codes(await on.bus.publish([event]))).not.toContain("accepted");
    status = 204;
    await accepted(() => on.bus.publish([event]));
  });

  it("cannot be reached: the reason is said", async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    await using bus = closing(http({ subscribers: [{ url, hears: [placed.type] }] }));
    const [result] = await bus.publish([order()]);
    expect(result).toMatchObject({
      accepted: false,
      error: { code: "ENDPOINT_AWAY", message: expect.stringMatching("ECONNREFUSED") },
    });
  });

  it("does not reply in time", async () => {
    const { promise: never } = Promise.withResolvers<Says>();
    await using on = await subscriber({}, () => never);
    await using bus = closing(http({ subscribers: [on.to()], timeoutMs: 50 }));
    expect(codes(await bus.publish([order()]))).toEqual(["ENDPOINT_AWAY"]);
  });

  it("a retired one (410) gets nothing more", async () => {
    await using on = await subscriber({}, () => ({ status: 410 }));
    for (let i = 0; i < 3; i++)
      expect(codes(await on.bus.publish([order()]))).toEqual(["BUS_REFUSED"]);
    expect(on.got).toHaveLength(1);
  });

  it("others are not kept back by it, and get an event once", async () => {
    let status = 503;
    await using one = await subscriber();
    await using two = await subscriber({}, () => ({ status }));
    await using bus = closing(http({ subscribers: [one.to(), two.to()] }));
    const events = [order(), order()];
    expect(codes(await bus.publish(events))).toEqual(["ENDPOINT_AWAY", "ENDPOINT_AWAY"]);
    expect(one.got).toHaveLength(2);
    status = 204;
    const [event] = events;
    if (event !== undefined) await accepted(() => bus.publish([event]));
    expect(one.got).toHaveLength(2);
  });

  it("close ends what is under way with BUS_CLOSED", async () => {
    const { promise: never } = Promise.withResolvers<Says>();
    await using on = await subscriber({}, () => never);
    const publishing: Promise<unknown> = on.bus.publish([order(), order()]);
    const rejected = expect(publishing).rejects.toMatchObject({ code: "BUS_CLOSED" });
    await eventually("they are under way", () => on.got.length, 2);
    await on.bus.close();
    await rejected;
  });
});

it("many events share connections", async () => {
  const ports = new Set<number | undefined>();
  await using on = await subscriber({}, (_got, { socket }) => {
    ports.add(socket.remotePort);
    return { status: 204 };
  });
  const events: readonly EventEnvelope[] = Array.from({ length: 500 }, () => order());
  checkAccepted(await on.bus.publish(events));
  expect(on.got).toHaveLength(500);
  expect(ports.size).toBeLessThan(events.length / 2);
});

it("doctor asks endpoints without sending an event", async () => {
  const bus = closing(http({ receive: { unsigned: true, origins: ["shop.example"] } }));
  await using _ = bus;
  const server = await serve(bus.handler);
  await using absent = await subscriber({}, () => ({ status: 404 }));
  const nowhere = `http://127.0.0.1:${await freePort()}/`;
  const urls = [server.url, absent.url, nowhere, "nonsense"];
  expect(await diagnose(urls, "shop.example")).toMatchObject([
    { level: "ok", message: "replies 200, permits shop.example" },
    { level: "error", message: "replies 404, without a word on who may send" },
    { level: "error", message: expect.stringMatching("ECONNREFUSED") },
    { level: "error", check: "url" },
  ]);
  expect(absent.got).toMatchObject([{ method: "OPTIONS", body: "" }]);
  await server.close();
});
