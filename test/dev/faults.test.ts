import { join } from "node:path";
import { event, service } from "odori";
import { sqlite } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { DevEvent } from "../../src/dev/control.ts";
import { type DevFault, faultText, readFault } from "../../src/dev/fault.ts";
import { beginForms } from "../../src/dev/form.ts";
import { KeptEvents } from "../../src/dev/kept-events.ts";
import { type DevOptions, DevServices } from "../../src/dev/services.ts";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";

const order = service("order").begins(placed);
const payment = service("payment").on(placed, {
  emits: [authorized],
  handle: ({ data }) => authorized(data),
});
const payload = { orderId: "o" };
const AT = { service: "payment", at: "order.placed" };

async function started(data: string, run: DevOptions["services"] = [order, payment]) {
  const told: DevEvent[] = [];
  const services = await DevServices.start({
    services: run,
    choreography: undefined,
    data,
    tell: (event) => told.push(event),
  });
  const handled = () =>
    told.flatMap((event) =>
      event.kind === "step" && event.service === "payment" ? [event.disposition] : [],
    );
  return stopping(Object.assign(services, { handled }));
}

describe("a fault", () => {
  const sound: readonly DevFault[] = [
    { kind: "throw", ...AT, times: 2 },
    { kind: "park", ...AT, times: 1 },
    { kind: "delay", service: "payment", at: undefined, ms: 250 },
    { kind: "twice", ...AT },
    { kind: "hold", ...AT },
    { kind: "kill", service: "payment", point: "committed" },
  ];

  it.each(sound)("$kind is read from data, and has a text", (fault) => {
    expect(readFault(JSON.parse(JSON.stringify(fault)))).toEqual(fault);
    expect(faultText(fault)).toContain(`${fault.kind} payment`);
  });

  it.each([
    ["nothing", undefined],
    ["a text", "throw"],
    ["no service", { kind: "throw" }],
    ["another kind", { kind: "boom", service: "payment" }],
    ["no times", { kind: "throw", service: "payment", times: 0 }],
    ["half a time", { kind: "throw", service: "payment", times: 0.5 }],
    ["a delay of a day", { kind: "delay", service: "payment", ms: 86_400_000 }],
    ["no crash point", { kind: "kill", service: "payment" }],
    ["a crash point that is none", { kind: "kill", service: "payment", point: "__proto__" }],
  ])("%s is refused", (_, value) => {
    expect(() => readFault(value)).toThrow(expect.objectContaining({ code: "FAULT_INVALID" }));
  });

  it("throw: the handler fails that often, and then goes on", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    expect(await services.fault({ kind: "throw", ...AT, times: 2 })).toHaveLength(1);
    await services.begin({ payload });
    await eventually("it is handled", services.handled, ["retrying", "retrying", "done"]);
    expect(await services.faults()).toEqual([]);
  });

  it("park: the handler gives up once, and the next saga is handled", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    await services.fault({ kind: "park", ...AT, times: 1 });
    await services.begin({ payload });
    await eventually("it is parked", services.handled, ["parked"]);
    expect(await services.faults()).toEqual([]);
    await services.begin({ payload });
    await eventually("the next is handled", services.handled, ["parked", "done"]);
  });

  it("twice: each message comes again, and is handled once", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    await services.fault({ kind: "twice", ...AT });
    const { sagaId } = await services.begin({ payload });
    const duplicates = async () => (await services.sagas(9))[0]?.duplicates;
    await eventually("the second one is ignored", duplicates, 1);
    expect(services.handled()).toEqual(["done"]);
    expect((await services.sagas(9))[0]?.sagaId).toBe(sagaId);
  });

  it("hold: a message waits until the faults are cleared", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    await services.fault({ kind: "hold", service: "payment" });
    await services.begin({ payload });
    const state = async () => (await services.sagas(9))[0]?.state;
    await eventually("it is on its way", state, "running");
    expect(services.handled()).toEqual([]);
    expect(await services.clear()).toEqual([]);
    await eventually("it has come", services.handled, ["done"]);
  });

  it("delay: a message comes later, and it does come", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    await services.fault({ kind: "delay", ...AT, ms: 20 });
    await services.begin({ payload });
    await eventually("it has come", services.handled, ["done"]);
  });

  it("of an event or a reaction that does not exist is refused, with those that do", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    const [, { reactions } = { reactions: [] }] = await services.places();
    const [reaction = ""] = reactions;
    expect(await services.places()).toEqual([
      { service: "order", events: [], reactions: [] },
      { service: "payment", events: ["order.placed.v1"], reactions: [reaction] },
    ]);
    const refused = (message: string) => ({
      code: "FAULT_INVALID",
      message: expect.stringContaining(message),
    });
    const at = (kind: string, name: string) => services.fault({ kind, ...AT, at: name });
    await expect(at("hold", "bogus.thing")).rejects.toMatchObject(refused("order.placed.v1"));
    await expect(at("throw", "bogus.thing")).rejects.toMatchObject(refused(reaction));
    // The bus delivers to a service, not to a reaction.
    if (reaction !== "order.placed")
      await expect(at("twice", reaction)).rejects.toMatchObject(refused("Use one of"));
    expect(await services.faults()).toEqual([]);
    expect(await at("hold", "order.placed.v1")).toHaveLength(1);
    expect(await at("throw", reaction)).toHaveLength(2);
  });

  it("of a service that does not run is refused, and so are too many", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    const refused = { code: "FAULT_INVALID" };
    await expect(services.fault({ kind: "hold", service: "stock" })).rejects.toMatchObject(refused);
    for (let n = 0; n < 100; n++) await services.fault({ kind: "twice", ...AT });
    await expect(services.fault({ kind: "twice", ...AT })).rejects.toMatchObject(refused);
  });
});

describe("an event that was published while its hearer was away", () => {
  it("is unheard, also where an earlier version heard it, and its payload is kept", async () => {
    using folder = temporaryFolder("dev");
    const deaf = service("payment");
    const path = join(folder.path, "order.db");
    for (const run of [
      [order, payment],
      [order, deaf],
    ]) {
      await using services = await started(folder.path, run);
      if (run.includes(payment)) continue;
      await services.begin({ payload, sagaId: "o-1" });
      await using store = closing(sqlite(path));
      await eventually("it is published", async () => (await store.inspect.counts()).outbox, 0);
    }
    await using services = await started(folder.path);
    const state = async () => (await services.sagas(9))[0]?.state;
    await eventually("it is unheard", state, "unheard");
    const kept = KeptEvents.in(folder.path);
    const [event] = kept?.of("o-1") ?? [];
    kept?.close();
    expect(event).toMatchObject({ type: "order.placed.v1", data: payload });
    await using store = closing(sqlite(path));
    if (event !== undefined) await store.inspect.republish(event);
    await eventually("it has come", services.handled, ["done"]);
  });
});

describe("a beginning", () => {
  it("is validated by its contract, and its type is known", async () => {
    using folder = temporaryFolder("dev");
    await using services = await started(folder.path);
    await expect(services.begin({ payload: { orderId: 1 } })).rejects.toMatchObject({
      code: "PAYLOAD_INVALID",
    });
    await expect(services.begin({ type: "order.lost.v1", payload })).rejects.toMatchObject({
      code: "USAGE",
    });
    expect(await services.begin({ payload, sagaId: "o-1" })).toEqual({
      sagaId: "o-1",
      begun: true,
    });
    expect(await services.begin({ payload, sagaId: "o-1" })).toMatchObject({ begun: false });
  });

  it("has a form, made from the schema", () => {
    const asked = event(
      "order.asked.v1",
      z.object({
        sku: z.string(),
        kind: z.enum(["fan", "umbrella"]),
        cents: z.int().optional(),
      }),
    );
    expect(beginForms([service("order").begins(asked)])).toEqual([
      {
        service: "order",
        type: "order.asked.v1",
        schema: expect.objectContaining({ type: "object" }),
        fields: [
          { name: "sku", type: "string", required: true },
          { name: "kind", type: '"fan" | "umbrella"', required: true },
          { name: "cents", type: "integer", required: false },
        ],
      },
    ]);
  });
});

it("a service on data of an earlier process says how many sagas go on", async () => {
  using folder = temporaryFolder("dev");
  {
    await using first = await started(folder.path);
    await first.fault({ kind: "throw", ...AT, times: 1_000 });
    await first.begin({ payload });
    await eventually("it is retried", first.handled, (seen) => seen.length > 0);
  }
  const told: DevEvent[] = [];
  await using _second = stopping(
    await DevServices.start({
      services: [order, payment],
      choreography: undefined,
      data: folder.path,
      tell: (event) => told.push(event),
    }),
  );
  expect(told).toContainEqual({ kind: "ready", services: ["order", "payment"], resumed: 1 });
});
