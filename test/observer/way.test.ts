import { expect, it } from "vitest";
import { sampleDeferred } from "../../src/conformance/samples.ts";
import { countIn, percentile } from "../../src/observer/histogram.ts";
import { eventually } from "../support/eventually.ts";
import { Books, begun, paid } from "./books.ts";

const parked = { ...paid, disposition: "parked", emitted: [], effect: undefined } as const;
const { reaction, source, type } = paid;
const PARKED = sampleDeferred("e-1", { reaction, source, type, state: "parked" });

/** What is known of the way from order to payment. */
function wayIn({ projection }: Books) {
  const edges = [...projection.rates.day(Date.now()).values()];
  const edge = edges.find(({ service }) => service === "payment");
  return edge && { handled: edge.handled, timed: countIn(edge.way), failed: edge.failed };
}

it("the time for which a delivery was parked is not that of its way", async () => {
  await using books = await Books.open();
  const of = <T>(row: T) => ({ ...row, sagaId: "parked" });
  await books.begin();
  await books.pay();
  await books.write("order", { journal: [of(begun)] });
  await books.write("payment", { journal: [of(parked)], defer: [of(PARKED)] });
  const observer = books.observer();
  await observer.catchUp();
  expect(wayIn(books)).toEqual({ handled: 1, timed: 1, failed: 0 });
  const at = Date.now();
  await eventually("time goes on", () => Date.now() > at, true);
  await books.retry("parked");
  await books.finish("parked");
  await observer.catchUp();
  expect(wayIn(books)).toEqual({ handled: 2, timed: 1, failed: 0 });
});

it("nor is the time of attempts that have failed, nor one that no emitter tells", async () => {
  await using books = await Books.open();
  await books.begin();
  await books.write("payment", { journal: [{ ...paid, attempt: 3 }] });
  await books.write("payment", { journal: [{ ...paid, id: "e-7", source: "/bank" }] });
  await books.observer().catchUp();
  const edges = [...books.projection.rates.day(Date.now()).values()];
  const told = edges.map(({ emitter, handled, failed, way }) => [
    ...[emitter, handled, failed],
    percentile(way, 0.5),
  ]);
  expect(told.toSorted()).toEqual([
    ["", 1, 0, undefined],
    ["order", 1, 1, undefined],
  ]);
});
