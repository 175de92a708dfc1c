import assert from "node:assert/strict";
import { type EventEnvelope, type Incoming, OdoriError } from "odori";
import { encodeJson, encodeMessage, HTTP } from "odori/cloudevents";
import type { Runner } from "odori/conformance";
import { http } from "odori/http";
import { SECRET, serve, signedHeaders } from "../servers/http.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-ports.ts";
import { envelope } from "../support/stage.ts";

const STRUCTURED = { "content-type": "application/cloudevents+json" };
const order = () => envelope(placed, "s", { orderId: "s" });
const hear = (group: string) => ({ group, topics: [placed.type], inFlightMax: 10 });

/** What holds for requests, in the smallest form. */
export function httpScenarios({ it }: Runner): void {
  it("a request has its reply once every group has acknowledged", async () => {
    const bus = http({ receive: { secrets: [SECRET] } });
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const happened: string[] = [];
    await bus.subscribe(hear("a"), async () => void happened.push("a"));
    await bus.subscribe(hear("b"), async () => {
      await opened;
      happened.push("b");
    });
    const replied = bus.fetch(signed(order())).then(() => happened.push("reply"));
    await eventually("one of two has it", () => happened.length > 0);
    open();
    await replied;
    assert.deepEqual(happened, ["a", "b", "reply"]);
    await bus.close();
  });

  it("a group that is away misses nothing", async () => {
    const bus = http({ receive: { secrets: [SECRET] } });
    await bus.subscribe(hear("a"), async () => {});
    await (await bus.subscribe(hear("b"), async () => {})).close();
    assert.equal((await bus.fetch(signed(order()))).status, 503);
    await bus.close();
  });

  it("what no secret has signed is not delivered", async () => {
    const bus = http({ receive: { secrets: [SECRET] } });
    const seen: Incoming[] = [];
    await bus.subscribe(hear("a"), async (incoming) => void seen.push(incoming));
    const body = encodeJson(order());
    const { headers, body: data } = encodeMessage(HTTP, order());
    const binary = { ...Object.fromEntries(headers), ...signedHeaders(data) };
    const old = signedHeaders(body, { at: new Date(Date.now() - 600_000) });
    const statuses = [
      await bus.fetch(request(body, { ...STRUCTURED, ...signedHeaders(`${body} `) })),
      await bus.fetch(request(body, { ...STRUCTURED, ...old })),
      await bus.fetch(request(data, binary)),
    ].map(({ status }) => status);
    assert.deepEqual([statuses, seen], [[401, 401, 415], []]);
    await bus.close();
  });

  it("an event is accepted once each subscriber has it", async () => {
    let status = 503;
    const [one, two] = [
      await serve((_request, response) => response.writeHead(204).end()),
      await serve((_request, response) => response.writeHead(status).end()),
    ];
    const hears = [placed.type];
    const bus = http({ subscribers: [one, two].map(({ url }) => ({ url, hears })) });
    const [result] = await bus.publish([order()]);
    assert.ok(result?.accepted === false && result.error.code === "ENDPOINT_AWAY");
    status = 400;
    assert.equal((await bus.publish([order()]))[0]?.accepted, false);
    await bus.close();
    await one.close();
    await two.close();
  });

  it("one that is away is not the bus", async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const bus = http({ subscribers: [{ url, hears: [placed.type] }] });
    const results = await bus.publish([order()]).catch((error: unknown) => error);
    assert.ok(!(results instanceof OdoriError), "the call does not reject");
    await bus.close();
  });
}

function signed(event: EventEnvelope): Request {
  const body = encodeJson(event);
  return request(body, { ...STRUCTURED, ...signedHeaders(body) });
}

function request(body: string, headers: Readonly<Record<string, string>>): Request {
  return new Request("https://payment.example/events", { method: "POST", headers, body });
}
