/**
 * A service that hears an event and dies once it has committed what that leads to, before the bus
 * has it. It prints the trace of the beginning, and the span of the delivery.
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { service, start } from "odori";
import { memoryBus } from "odori/memory";
import { openTelemetry } from "odori/otel";
import { sqlite } from "odori/sqlite";
import { authorized, placed } from "../support/contracts.ts";

new NodeTracerProvider().register();
const [folder = ""] = process.argv.slice(2);
const order = service("order").begins(placed);
const payment = service("payment").on(placed, {
  emits: [authorized],
  handle({ data }) {
    writeSync(1, `${trace.getActiveSpan()?.spanContext().spanId}\n`);
    return authorized(data);
  },
});
const bus = memoryBus([order, payment]);
const telemetry = openTelemetry();
const store = (name: string) => sqlite(join(folder, `${name}.db`));
await start(payment, {
  store: store("payment"),
  bus,
  telemetry,
  probe: (at) => at === "committed" && process.kill(process.pid, "SIGKILL"),
});
const shop = await start(order, { store: store("order"), bus, telemetry });
const { event } = await shop.begin("o-1", () => placed({ orderId: "o-1" }));
writeSync(1, `${event?.traceparent}\n`);
