import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
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

/** What counts as the way of an event, and what does not. */
export function wayCases({ describe, it }: Runner): void {
  describe("the time that an event takes", () => {
    it("is not that for which its delivery was parked", async () => {
      await using books = await Books.open();
      const of = <T>(row: T) => ({ ...row, sagaId: "parked" });
      await books.begin();
      await books.pay();
      await books.write("order", { journal: [of(begun)] });
      await books.write("payment", { journal: [of(parked)], defer: [of(PARKED)] });
      const observer = books.observer();
      await observer.catchUp();
      assert.deepEqual(wayIn(books), { handled: 1, timed: 1, failed: 0 });
      const at = Date.now();
      await eventually("time goes on", () => Date.now() > at, true);
      await books.retry("parked");
      await books.finish("parked");
      await observer.catchUp();
      assert.deepEqual(wayIn(books), { handled: 2, timed: 1, failed: 1 });
    });

    it("is not that of attempts that have failed, nor known without its emitter", async () => {
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
      assert.deepEqual(told.toSorted(), [
        ["", 1, 0, undefined],
        ["order", 1, 1, undefined],
      ]);
    });
  });
}
