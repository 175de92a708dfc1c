import { CloudEvent, HTTP as SdkHttp, Kafka as SdkKafka } from "cloudevents";
import type { EventEnvelope } from "odori";
import {
  type Binding,
  decodeMessage,
  encodeJson,
  encodeMessage,
  HTTP,
  KAFKA,
} from "odori/cloudevents";
import { describe, expect, it } from "vitest";

const event: EventEnvelope = {
  specversion: "1.0",
  id: 'id with "quotes", 100 % and ünïcode 日本',
  type: "payment.authorized.v1",
  source: "/payment",
  time: "2026-01-02T03:04:05.678Z",
  subject: "order 7",
  sagaId: "saga 7",
  correlationId: "saga 7",
  causationId: "parent",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  data: { orderId: "7", list: [1, null, { deep: "日本" }] },
};

/** What the SDK calls our attributes. */
const asSdk = {
  id: event.id,
  type: event.type,
  source: event.source,
  subject: event.subject,
  sagaid: event.sagaId,
  correlationid: event.correlationId,
  causationid: event.causationId,
  partitionkey: event.sagaId,
  traceparent: event.traceparent,
  data: event.data,
};

interface SdkBinding {
  binary(event: CloudEvent<unknown>): { readonly headers: object; readonly body?: unknown };
  structured(event: CloudEvent<unknown>): { readonly headers: object; readonly body?: unknown };
}

const bindings: readonly {
  readonly name: string;
  readonly ours: Binding;
  readonly theirs: SdkBinding;
  read(headers: Record<string, string>, body: string): unknown;
}[] = [
  {
    name: "HTTP",
    ours: HTTP,
    theirs: SdkHttp,
    read: (headers, body) => SdkHttp.toEvent({ headers, body }),
  },
  {
    name: "Kafka",
    ours: KAFKA,
    theirs: SdkKafka,
    read: (headers, body) =>
      SdkKafka.toEvent(Object.assign({ headers, body }, { key: event.sagaId, value: body })),
  },
];

function one(read: unknown): CloudEvent<unknown> {
  expect(read).toBeInstanceOf(CloudEvent);
  if (read instanceof CloudEvent) return read;
  throw new Error("a batch");
}

function textOf(message: object): string {
  const body =
    "value" in message && message.value !== undefined
      ? message.value
      : "body" in message
        ? message.body
        : undefined;
  return typeof body === "string" ? body : JSON.stringify(body);
}

function headersOf({
  headers,
}: {
  readonly headers: object;
}): readonly (readonly [string, string])[] {
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

describe.each(bindings)("the cloudevents SDK over $name", ({ name, ours, theirs, read }) => {
  // The SDK does not percent-encode headers (HTTP binding 3.1.3.2), so only ASCII without its
  // special characters goes both ways there.
  const plain =
    name === "HTTP"
      ? { ...event, id: "7", subject: "order-7", sagaId: "saga-7", correlationId: "saga-7" }
      : event;
  const expected = {
    ...asSdk,
    id: plain.id,
    subject: plain.subject,
    sagaid: plain.sagaId,
    correlationid: plain.correlationId,
    partitionkey: plain.sagaId,
  };

  it("reads what we write in binary mode", () => {
    const { headers, body } = encodeMessage(ours, plain);
    const seen = one(read(Object.fromEntries(headers), body));
    expect({ ...expected, data: seen.data }).toMatchObject(expected);
    expect(seen).toMatchObject({ ...expected, time: event.time, data: event.data });
  });

  it("reads what we write in structured mode", () => {
    const seen = one(
      read({ "content-type": "application/cloudevents+json; charset=utf-8" }, encodeJson(event)),
    );
    expect(seen).toMatchObject({ ...asSdk, time: event.time });
  });

  it.each(["binary", "structured"] as const)("writes what we read, in %s mode", (mode) => {
    const foreign = new CloudEvent({
      ...expected,
      time: event.time,
      datacontenttype: "application/json",
    });
    const message = theirs[mode](foreign);
    const decoded = decodeMessage(ours, { headers: headersOf(message), body: textOf(message) }, 0);
    expect(decoded).toEqual(plain);
  });
});

it("HTTP headers are percent-encoded, and read back", () => {
  const { headers, body } = encodeMessage(HTTP, event);
  expect(headers.get("ce-id")).toBe(
    "id%20with%20%22quotes%22,%20100%20%25%20and%20%C3%BCn%C3%AFcode%20%E6%97%A5%E6%9C%AC",
  );
  expect(decodeMessage(HTTP, { headers, body }, 0)).toEqual(event);
});
