import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { type EventEnvelope, service } from "odori";
import { describe, expect, it } from "vitest";
import { authorized, declined, expired, placed, reserved, shipped } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { memoryKit } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";
import { parentOf, Recorded, traceparentOf } from "./recorded.ts";

const data = { orderId: "o" };
const OUTSIDE = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=value",
};
const [, TRACE_ID = "", SPAN_ID = ""] = OUTSIDE.traceparent.split("-");

function emittedOf(stage: { readonly emitted: readonly EventEnvelope[] }, type: string) {
  return stage.emitted.find((event) => event.type === type);
}

describe("a trace", () => {
  it("is the tree of causes: a delivery is the child of what emitted its event", async () => {
    await using recorded = new Recorded();
    const order = service("order")
      .begins(placed)
      .on(placed, { emits: [reserved], handle: ({ data }) => reserved(data) })
      .on(reserved, { emits: [shipped], handle: async ({ data }) => shipped(data) });
    await using stage = await Stage.open(memoryKit(), order, { telemetry: recorded.telemetry });
    const { event } = await recorded.tracer.startActiveSpan("POST /orders", async (span) => {
      const begun = await stage.app.begin("o-1", () => placed(data));
      span.end();
      return begun;
    });
    await eventually(
      "both are handled",
      () => recorded.named(`process ${reserved.type}`).length,
      1,
    );

    const request = recorded.span("POST /orders");
    const begin = recorded.span(`begin ${placed.type}`);
    const first = recorded.span(`process ${placed.type}`);
    const second = recorded.span(`process ${reserved.type}`);
    expect([begin, first, second].map((span) => span.spanContext().traceId)).toEqual(
      [begin, first, second].map(() => request.spanContext().traceId),
    );
    expect([begin, first, second].map(parentOf)).toEqual(
      [request, begin, first].map((span) => span.spanContext().spanId),
    );
    expect(event?.traceparent).toBe(traceparentOf(begin.spanContext()));
    const out = await eventually(
      "it is emitted",
      () => emittedOf(stage, shipped.type)?.traceparent,
      traceparentOf(second.spanContext()),
    );
    expect(out).toBeDefined();
    expect([begin.kind, first.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(first.attributes).toMatchObject({
      "messaging.system": "odori",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": placed.type,
      "messaging.consumer.group.name": "order",
      "messaging.message.id": event?.id,
      "messaging.message.conversation_id": "o-1",
      "cloudevents.event_source": "/order",
      "odori.saga.id": "o-1",
      "odori.attempt": 1,
      "odori.disposition": "done",
      "odori.emitted": [reserved.type],
    });
    expect(first.status.code).toBe(SpanStatusCode.UNSET);
    await eventually(
      "the publication of both is a span",
      () => recorded.named(`send ${placed.type}`).length,
      1,
    );
    const send = recorded.span(`send ${placed.type}`);
    expect([send.kind, parentOf(send)]).toEqual([SpanKind.CLIENT, begin.spanContext().spanId]);
  });

  it("of a producer outside goes on, with its tracestate", async () => {
    await using recorded = new Recorded();
    const payment = service("payment").on(placed, {
      emits: [authorized],
      handle: ({ data }) => authorized(data),
    });
    await using stage = await Stage.open(memoryKit(), payment, { telemetry: recorded.telemetry });
    await stage.hear(envelope(placed, "s", data, OUTSIDE));
    await eventually("it is emitted", () => stage.emitted.length, 1);
    const span = recorded.span(`process ${placed.type}`);
    expect([span.spanContext().traceId, parentOf(span)]).toEqual([TRACE_ID, SPAN_ID]);
    expect(stage.emitted[0]).toMatchObject({
      traceparent: traceparentOf(span.spanContext()),
      tracestate: OUTSIDE.tracestate,
    });
  });

  it("that was named in the call of begin comes before the active one", async () => {
    await using recorded = new Recorded();
    const order = service("order").begins(placed);
    await using stage = await Stage.open(memoryKit(), order, { telemetry: recorded.telemetry });
    await recorded.tracer.startActiveSpan("other", (span) =>
      stage.app.begin("o-1", () => placed(data), OUTSIDE).finally(() => span.end()),
    );
    expect(parentOf(recorded.span(`begin ${placed.type}`))).toBe(SPAN_ID);
  });

  it("without telemetry passes from cause to effect, unchanged", async () => {
    const payment = service("payment").on(placed, {
      emits: [authorized],
      handle: ({ data }) => authorized(data),
    });
    await using stage = await Stage.open(memoryKit(), payment);
    await stage.hear(envelope(placed, "s", data, OUTSIDE));
    await eventually("it is emitted", () => stage.emitted.length, 1);
    expect(stage.emitted[0]).toMatchObject(OUTSIDE);
  });

  it("without a registered SDK passes unchanged as well", async () => {
    const { openTelemetry } = await import("odori/otel");
    const order = service("order").begins(placed);
    await using stage = await Stage.open(memoryKit(), order, { telemetry: openTelemetry() });
    const traced = await stage.app.begin("o-1", () => placed(data), OUTSIDE);
    const plain = await stage.app.begin("o-2", () => placed(data));
    expect(traced.event).toMatchObject(OUTSIDE);
    expect(plain.event?.traceparent).toBeUndefined();
  });

  it("of a join: the last cause is the parent, and the others are links", async () => {
    await using recorded = new Recorded();
    const shipping = service("shipping").onAll([authorized, reserved], {
      name: "ship",
      emits: [shipped],
      handle: ([{ data }]) => shipped(data),
    });
    await using stage = await Stage.open(memoryKit(), shipping, { telemetry: recorded.telemetry });
    await stage.hear(envelope(authorized, "s", data, OUTSIDE));
    const second = OUTSIDE.traceparent.replace(SPAN_ID, "00f067aa0ba902b7");
    await stage.hear(envelope(reserved, "s", data, { traceparent: second }));
    const joined = recorded.span(`process ${reserved.type}`);
    expect(parentOf(joined)).toBe("00f067aa0ba902b7");
    expect(joined.links.map((link) => link.context.spanId)).toEqual([SPAN_ID]);
    expect(recorded.span(`process ${authorized.type}`).attributes).toMatchObject({
      "odori.disposition": "gathered",
    });
  });

  it("of a deadline: the event that armed it is the cause", async () => {
    await using recorded = new Recorded();
    const order = service("order").deadline(placed, {
      after: "1h",
      unless: [reserved],
      emits: [expired],
    });
    await using stage = await Stage.open(memoryKit(), order, { telemetry: recorded.telemetry });
    await stage.hear(envelope(placed, "s", data, OUTSIDE));
    await stage.advance(3_600_000);
    await eventually("it has passed", () => stage.emittedTypes, [expired.type]);
    const [armed, passed] = recorded.named(`process ${placed.type}`);
    expect([armed, passed].map((span) => span?.attributes["odori.disposition"])).toEqual([
      "armed",
      "expired",
    ]);
    expect([armed, passed].map((span) => span && parentOf(span))).toEqual([SPAN_ID, SPAN_ID]);
    expect(stage.emitted[0]?.traceparent).toBe(passed && traceparentOf(passed.spanContext()));
    // An hour is not a lag of the bus.
    const lags = (await recorded.metrics()).get("odori.delivery.lag") ?? [];
    expect(lags.map(({ value }) => value)).toEqual([expect.objectContaining({ count: 1 })]);
  });
});

describe("a span", () => {
  it("is active in its handler, also after a wait, and for each delivery of a batch", async () => {
    await using recorded = new Recorded();
    const seen = new Map<string, (string | undefined)[]>();
    const active = () => trace.getSpan(context.active())?.spanContext().spanId;
    const payment = service("payment").on(placed, {
      emits: [authorized],
      async handle({ data, sagaId }) {
        const before = active();
        await new Promise((resolve) => setImmediate(resolve));
        seen.set(sagaId, [before, active()]);
        return authorized(data);
      },
    });
    await using stage = await Stage.open(memoryKit(), payment, { telemetry: recorded.telemetry });
    const sagas = Array.from({ length: 40 }, (_, i) => `s${i}`);
    await recorded.tracer.startActiveSpan("publisher", async (span) => {
      await stage.hear(...sagas.map((saga) => envelope(placed, saga, data)));
      span.end();
    });
    const spans = recorded.named(`process ${placed.type}`);
    expect(spans.length).toBe(40);
    for (const span of spans) {
      const own = span.spanContext().spanId;
      expect(seen.get(String(span.attributes["odori.saga.id"]))).toEqual([own, own]);
      expect(span.parentSpanContext).toBeUndefined();
    }
    const sizes = (await recorded.metrics()).get("odori.commit.size") ?? [];
    expect(sizes).toEqual([
      {
        attributes: { "odori.service": "payment" },
        value: expect.objectContaining({ sum: 40, max: expect.toSatisfy((max) => max > 1) }),
      },
    ]);
  });

  it("has status ERROR for a technical failure at each attempt, not for a refusal", async () => {
    await using recorded = new Recorded();
    const broken = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    let left = 2;
    const payment = service("payment")
      .on(placed, {
        fails: [declined],
        emits: [authorized],
        handle: ({ data }) => declined(data),
      })
      .on(reserved, {
        emits: [shipped],
        handle: ({ data }) => {
          if (left-- > 0) throw broken;
          return shipped(data);
        },
      });
    await using stage = await Stage.open(memoryKit(), payment, { telemetry: recorded.telemetry });
    await stage.hear(envelope(placed, "s", data), envelope(reserved, "t", data));
    const tries = () => recorded.named(`process ${reserved.type}`);
    await eventually("the third attempt succeeds", () => tries().length, 3);
    const refused = recorded.span(`process ${placed.type}`);
    expect(refused.status.code).toBe(SpanStatusCode.UNSET);
    expect(refused.attributes).toMatchObject({ "odori.disposition": "refused" });
    expect(refused.attributes).not.toHaveProperty("error.type");
    const shown = tries().map(({ attributes, status, events }) => [
      attributes["odori.attempt"],
      attributes["odori.disposition"],
      attributes["error.type"],
      status.code,
      events.map(({ name }) => name),
    ]);
    expect(shown).toEqual([
      [1, "retrying", "ECONNREFUSED", SpanStatusCode.ERROR, ["exception"]],
      [2, "retrying", "ECONNREFUSED", SpanStatusCode.ERROR, ["exception"]],
      [3, "done", undefined, SpanStatusCode.UNSET, []],
    ]);
  });

  it("of a beginning that throws has status ERROR; a duplicate has none", async () => {
    await using recorded = new Recorded();
    const order = service("order")
      .begins(placed)
      .on(reserved, { emits: [], handle: () => {} });
    await using stage = await Stage.open(memoryKit(), order, { telemetry: recorded.telemetry });
    const failing = stage.app.begin("o-1", () => {
      throw new Error("out of paper");
    });
    await expect(failing).rejects.toThrow("out of paper");
    expect(recorded.span("begin").status).toEqual({
      code: SpanStatusCode.ERROR,
      message: "out of paper",
    });
    const event = envelope(reserved, "s", data);
    await stage.hear(event);
    await stage.hear(event);
    expect((await stage.app.health()).duplicates).toBe(1);
    expect(recorded.named(`process ${reserved.type}`).length).toBe(1);
  });
});
