import { join } from "node:path";
import { choreography, event, service, start } from "odori";
import { odoriConsole } from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { Desk } from "../../src/console/desk.ts";
import { LiveRisks } from "../../src/console/live-risks.ts";
import type { ProofReply } from "../../src/console/wire.ts";
import type { JournalSource } from "../../src/ports/source.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

const TOKEN = "a-token-that-is-long-enough";
const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const expired = event("order.expired.v1", payload);
const shipped = event("order.shipped.v1", payload);
const charged = event("payment.charged.v1", payload);
/** Its time may be up though payment is done, which nothing undoes. */
const order = service("order")
  .begins(placed)
  .on(charged, { emits: [shipped], handle: ({ data }) => shipped(data) });
const patient = order.deadline(placed, { after: "15m", unless: [charged], emits: [expired] });
const payment = service("payment").on(placed, {
  emits: [charged],
  handle: ({ data }) => charged(data),
});
const shop = choreography("shop", {
  ...{ services: [patient, payment], begins: [placed], succeeds: [shipped], fails: [expired] },
});

it("a finding counts the live sagas that can still break its rule", {
  timeout: 60_000,
}, async () => {
  using folder = temporaryFolder("risks");
  const pathOf = (name: string) => join(folder.path, `${name}.db`);
  await using bus = closing(memoryBus(["order", "payment"]));
  const optionsOf = (name: string) => ({
    ...{ store: sqlite(pathOf(name)), bus, logger: silent, pollMs: 5 },
  });
  await using ordering = stopping(await start(patient, optionsOf("order")));
  {
    await using _paying = stopping(await start(payment, optionsOf("payment")));
    await ordering.begin("o-0", () => placed({ orderId: "o-0" }));
    await eventually(
      "it has ended",
      async () => (await ordering.inspect.counts()).deferred.armed,
      (armed) => (armed ?? 0) === 0,
    );
  }
  // Nothing has happened in it that an undo would be needed for, and nothing waits for a person.
  await ordering.begin("o-1", () => placed({ orderId: "o-1" }));
  await using console = closing(
    odoriConsole({
      sources: ["order", "payment"].map((name) => sqliteSource(pathOf(name))),
      choreography: shop,
      token: TOKEN,
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  const ask = async (path: string): Promise<any> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (
      await console.fetch(new Request(`http://localhost/api/v1/${path}`, { headers }))
    ).json();
  };
  await eventually("it is read", async () => (await ask("sagas")).totals, {
    ...{ running: 1, succeeded: 1 },
  });
  const proof: ProofReply = await eventually(
    "the proof is done",
    () => ask("proof"),
    ({ state }) => state === "done",
  );
  if (proof.state !== "done") throw new Error("it is not done");
  expect(proof).toMatchObject({ live: 1, looked: 1 });
  const errors = proof.findings.filter(({ severity }) => severity === "error");
  expect(Object.fromEntries(errors.map(({ code, sagas }) => [code, sagas]))).toMatchObject({
    ...{ EARLY_END: 1, NO_UNDO: 1 },
  });
  expect(errors.find(({ code }) => code === "NO_UNDO")?.examples).toEqual(["o-1"]);
});

/** A source whose histories are read once `gate` opens. */
function slowSource(path: string, gate: () => Promise<void>): JournalSource {
  const source = sqliteSource(path);
  const inspect = new Proxy(source.inspect, {
    get: (real, name) =>
      name === "histories"
        ? async (ids: readonly string[]) => gate().then(() => real.histories(ids))
        : Reflect.get(real, name).bind(real),
  });
  return new Proxy(source, {
    get: (real, name) => (name === "inspect" ? inspect : Reflect.get(real, name).bind(real)),
  });
}

it("sagas are counted once while they are counted, and for some seconds afterwards", async () => {
  using folder = temporaryFolder("risks");
  const path = join(folder.path, "order.db");
  await using bus = closing(memoryBus(["order"]));
  const options = { store: sqlite(path), bus, logger: silent };
  await using ordering = stopping(await start(patient, options));
  await ordering.begin("o-1", () => placed({ orderId: "o-1" }));
  let gate = Promise.resolve();
  const sources = [slowSource(path, () => gate)];
  await using desk = closing(
    new Desk({
      ...{ sources, manifest: undefined, projection: ":memory:", allowed: [] },
      ...{ dev: undefined, kept: undefined },
    }),
  );
  await desk.observer.catchUp();
  const opening = Promise.withResolvers<void>();
  gate = opening.promise;
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const risks = new LiveRisks(desk);
  const first = risks.read();
  vi.advanceTimersByTime(60_000);
  // The histories of a large shop take their time: nothing else is asked for meanwhile.
  expect(risks.read()).toBe(first);
  opening.resolve();
  expect(await first).toMatchObject({ live: 1 });
  vi.advanceTimersByTime(4_000);
  expect(risks.read()).toBe(first);
  vi.advanceTimersByTime(2_000);
  expect(risks.read()).not.toBe(first);
  await risks.read();
});
