import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type EventEnvelope, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { expect, it } from "vitest";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

const CHILD = join(import.meta.dirname, "crash-child.ts");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];

it("a process that dies between commit and publication loses no trace", async () => {
  using folder = temporaryFolder("otel-crash");
  const died = spawnSync(process.execPath, [...FLAGS, CHILD, folder.path], { encoding: "utf8" });
  expect([died.signal, died.stderr]).toEqual(["SIGKILL", ""]);
  const said = died.stdout.trim().split("\n");
  const spanId = said.find((line) => /^[0-9a-f]{16}$/.test(line));
  expect(spanId).toBeDefined();

  // Another process takes over. It has no telemetry: the trace is in the outbox row.
  const payment = service("payment").on(placed, {
    emits: [authorized],
    handle: ({ data }) => authorized(data),
  });
  await using bus = closing(memoryBus([payment, "audience"]));
  const heard: EventEnvelope[] = [];
  await bus.subscribe(
    { group: "audience", topics: [authorized.type], inFlightMax: 1 },
    async (one) => {
      if (!("malformed" in one)) heard.push(one);
    },
  );
  const store = sqlite(join(folder.path, "payment.db"));
  await using _app = stopping(await start(payment, { store, bus, pollMs: 5, logger: silent }));
  await eventually("it is published", () => heard.length, 1);
  const [, traceId, publishedSpan] = heard[0]?.traceparent?.split("-") ?? [];
  expect(publishedSpan).toBe(spanId);
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
});
