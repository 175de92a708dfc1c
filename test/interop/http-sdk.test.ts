import { buffer } from "node:stream/consumers";
import { CloudEvent, emitterFor, HTTP, httpTransport, Mode } from "cloudevents";
import type { Incoming } from "odori";
import { checkAccepted } from "odori/adapter";
import { http } from "odori/http";
import { describe, expect, it } from "vitest";
import { serve } from "../servers/http.ts";
import { placed } from "../support/contracts.ts";
import { closing } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";

const data = { orderId: "o-1", list: [1, null, { deep: "日本" }] };
const MODES = ["binary", "structured", "batch"] as const;

describe("the cloudevents SDK over requests", () => {
  it.each(MODES)("reads what the bus sends, in %s mode", async (mode) => {
    const seen: CloudEvent<unknown>[] = [];
    const server = await serve(async (request, response) => {
      const body = (await buffer(request)).toString();
      const read = HTTP.toEvent<unknown>({ headers: request.headers, body });
      for (const one of [read].flat()) if (one instanceof CloudEvent) seen.push(one);
      response.writeHead(204).end();
    });
    const subscribers = [{ url: server.url, hears: [placed.type], mode }];
    await using bus = closing(http({ subscribers }));
    const events = [1, 2].map((n) => envelope(placed, `s-${n}`, data));
    checkAccepted(await bus.publish(events));
    expect(seen.map(({ id }) => id).sort()).toEqual(events.map(({ id }) => id).sort());
    const [first] = events;
    expect(seen.find(({ id }) => id === first?.id)).toMatchObject({
      type: placed.type,
      source: "/order",
      time: first?.time,
      sagaid: "s-1",
      correlationid: "s-1",
      data,
    });
    await server.close();
  });

  it.each([Mode.BINARY, Mode.STRUCTURED])("is read by the bus, in %s mode", async (mode) => {
    await using bus = closing(http({ receive: { unsigned: true } }));
    const server = await serve(bus.handler);
    const seen: Incoming[] = [];
    const hear = { group: "a", topics: [placed.type], inFlightMax: 1 };
    await bus.subscribe(hear, async (incoming) => void seen.push(incoming));
    const event = new CloudEvent({ type: placed.type, source: "/shop", sagaid: "s-1", data });
    const transport = httpTransport(server.url);
    await emitterFor(transport, { binding: HTTP, mode })(event);
    expect(seen).toMatchObject([
      { id: event.id, type: placed.type, source: "/shop", sagaId: "s-1", data },
    ]);
    await server.close();
  });
});
