import { choreography, event, service } from "odori";
import { check, manifestOf } from "odori/check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { partsOf } from "../../src/acl/part.ts";
import { oneEventPerLineage } from "../../src/manifest/lineage.ts";
import { readManifest } from "../../src/manifest/read.ts";
import { writeManifest } from "../../src/manifest/write.ts";

const payload = z.object({ id: z.string() });
const placed = event("order.placed.v1", payload);
const plain1 = event("payment.settled.v1", payload);
const later = payload.extend({ currency: z.string() });
const plain2 = event("payment.settled.v2", later);
const upcasts = event("payment.settled.v2", later, {
  from: [plain1, (old) => ({ ...old, currency: "JPY" })],
});
const both = event("payment.settled.v2", later, {
  from: [plain1, (old) => ({ ...old, currency: "JPY" })],
  to: [plain1, ({ currency: _, ...rest }) => rest],
});
const done = event("order.completed.v1", payload);
type Version = typeof plain1 | typeof plain2;

function saga(emits: Version, ...hears: readonly Version[]) {
  const order = service("order").begins(placed);
  const payment = service("payment").on(placed, {
    emits: [emits],
    handle: ({ data }) => emits.from({ ...data, currency: "JPY" }),
  });
  const ledgers = hears.map((contract, place) =>
    service(`ledger_${place}`).on(contract, {
      readonly: true,
      emits: place === 0 ? [done] : [[]],
      handle: ({ data }) => (place === 0 ? done(data) : []),
    }),
  );
  return manifestOf(
    choreography("versions", {
      services: [order, payment, ...ledgers],
      begins: [placed],
      succeeds: [done],
    }),
  );
}

const errors = (manifest: ReturnType<typeof saga>) =>
  check(manifest)
    .findings.filter(({ severity }) => severity === "error")
    .map(({ code }) => code);

describe("the versions of an event", () => {
  it.each([
    ["the consumer first", saga(plain1, upcasts)],
    ["both", saga(both, upcasts)],
    ["the producer first, which also publishes version 1", saga(both, plain1)],
    ["a consumer of each", saga(both, plain1, plain2, upcasts)],
  ])("are one event for the checker: %s", (_, manifest) => {
    expect(errors(manifest)).toEqual([]);
    expect(oneEventPerLineage(manifest).events.has("payment.settled.v1")).toBe(false);
  });

  it.each([
    ["the producer first, version 2 alone", saga(plain2, plain1)],
    ["version 1 alone, though one consumer needs version 2", saga(plain1, upcasts, plain2)],
  ])("stay apart where one is not read: %s", (_, manifest) => {
    expect(errors(manifest)).toContain("NEVER_EMITTED");
  });

  it("stand in the manifest of the service that converts them, and in its permissions", () => {
    const manifest = saga(both, upcasts);
    const again = readManifest(writeManifest(manifest));
    expect(again.services.get("payment")?.alsoEmits).toEqual(
      new Map([["payment.settled.v2", ["payment.settled.v1"]]]),
    );
    expect(writeManifest(again)).toBe(writeManifest(manifest));
    const parts = partsOf(manifest);
    const settled = ["payment.settled.v1", "payment.settled.v2"];
    expect(parts.find(({ service }) => service === "payment")?.emits).toEqual(settled);
    expect(parts.find(({ service }) => service === "ledger_0")?.hears).toEqual(settled);
  });
});

it("a join does not wait for an optional event, in the checker either", () => {
  const [a, b] = [event("a.done.v1", payload), event("b.done.v1", payload)];
  const order = service("order").begins(placed);
  const first = service("a").on(placed, { emits: [a], handle: ({ data }) => a(data) });
  const join = (optional: boolean) =>
    service("ledger").onAll([a, b], {
      name: "both",
      ...(optional && { optional: [b] }),
      readonly: true,
      emits: [done],
      handle: ([one]) => done(one.data),
    });
  const found = (optional: boolean) => {
    const services = [order, first, join(optional)];
    const ends = { begins: [placed], succeeds: [done], arrives: [b] };
    const { findings } = check(manifestOf(choreography("joined", { services, ...ends })));
    return findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
  };
  expect(found(true)).toEqual([]);
  expect(found(false)).toContain("STUCK");
});
