import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  type Sampler,
} from "@opentelemetry/sdk-trace-node";
import { choreography, event, service, start, type Telemetry } from "odori";
import { memoryBus } from "odori/memory";
import { openTelemetry } from "odori/otel";
import { sqlite } from "odori/sqlite";
import { z } from "zod";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { median } from "./harness/statistics.ts";

/*
 * Measures the CPU of a saga of one beginning and three deliveries, on SQLite in memory, without
 * and with telemetry in turn. The exporter drops the spans: to send them costs more.
 */

const SAGAS = 2_000;
const ROUNDS = 9;
/** Sagas that are begun together. */
const TOGETHER = 50;

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);
const reserved = event("stock.reserved.v1", payload);
const shipped = event("shipping.shipped.v1", payload);

const order = service("order").begins(placed);
const payment = service("payment").on(placed, {
  emits: [charged],
  handle: async ({ data }) => charged(data),
});
const stock = service("stock").on(charged, {
  emits: [reserved],
  handle: async ({ data }) => reserved(data),
});
const shipping = service("shipping").on(reserved, {
  emits: [shipped],
  handle: async ({ data }) => shipped(data),
});
const services = [payment, stock, shipping];
const ends = choreography("order", {
  services: [order, ...services],
  begins: [placed],
  succeeds: [shipped],
});

function telemetryOf(sampler: Sampler): Telemetry {
  const exporter = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  const options = { maxQueueSize: 1_000_000 };
  const spanProcessors = [new BatchSpanProcessor(exporter, options)];
  const tracerProvider = new NodeTracerProvider({ sampler, spanProcessors });
  tracerProvider.register();
  const readers = [new PrometheusExporter({ preventServerStart: true })];
  return openTelemetry({ tracerProvider, meterProvider: new MeterProvider({ readers }) });
}

/** Returns the CPU of a saga in microseconds. */
async function round(telemetry: Telemetry | undefined): Promise<number> {
  const bus = memoryBus([order, ...services]);
  const options = () => ({
    store: sqlite(":memory:"),
    bus,
    ...(telemetry === undefined ? {} : { telemetry }),
  });
  const last = await start(shipping, { ...options(), ends });
  const others = [await start(payment, options()), await start(stock, options())];
  const shop = await start(order, options());
  const began = process.cpuUsage();
  for (let n = 0; n < SAGAS; n += TOGETHER)
    await Promise.all(
      Array.from({ length: TOGETHER }, async (_, i) => {
        const orderId = `o-${n + i}`;
        await shop.begin(orderId, () => placed({ orderId }));
        await last.waitFor(orderId, { timeout: "1m" });
      }),
    );
  const { user, system } = process.cpuUsage(began);
  await Promise.all([shop, last, ...others].map((app) => app.stop()));
  await bus.close();
  return (user + system) / SAGAS;
}

const subjects: readonly (readonly [string, Telemetry | undefined])[] = [
  ["without telemetry", undefined],
  ["metrics, no span sampled", telemetryOf(new AlwaysOffSampler())],
  ["metrics, every span recorded", telemetryOf(new AlwaysOnSampler())],
];
const taken = new Map<string, number[]>();
for (let turn = 0; turn <= ROUNDS; turn++) {
  for (const [name, telemetry] of subjects) {
    const micros = await round(telemetry);
    // The first round warms up.
    if (turn > 0) taken.set(name, [...(taken.get(name) ?? []), micros]);
  }
}
const base = median(taken.get("without telemetry") ?? []);
process.stdout.write(tableHead(["", "CPU µs a saga", "ratio"]));
for (const [name, list] of taken) {
  const micros = median(list);
  process.stdout.write(tableRow([name, micros.toFixed(0), (micros / base).toFixed(2)]));
}
