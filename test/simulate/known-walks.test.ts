import { describe, expect, it } from "vitest";
import order from "../../examples/order/choreography.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import type { JournalEntry } from "../../src/ports/journal.ts";
import { KnownWalks } from "../../src/simulate/known-walks.ts";
import { MachineMap } from "../../src/simulate/machine-map.ts";

const walksOfOrder = () => new KnownWalks(new MachineMap(manifestOf(order)));

/** A row of the service that begins, or of payment, which then charges. */
function row(reaction: string, disposition: "begun" | "done", emitted: string): JournalEntry {
  return {
    ...{ reaction, disposition, source: "/order", id: "e-1", sagaId: "o-1", attempt: 1 },
    type: "order.placed.v1",
    causationId: undefined,
    effect: undefined,
    emitted: [{ id: "e-2", type: emitted }],
  };
}

describe("steps of a saga that are known", () => {
  it("lead where they led before, with the same finding", () => {
    const walks = walksOfOrder();
    const early = row("order.placed", "done", "payment.authorized.v1");
    const first = walks.note(walks.start, "payment", early);
    expect(first.wrong?.code).toBe("MODEL");
    expect(walks.note(walks.start, "payment", early)).toBe(first);
    const begun = walks.note(walks.start, "order", row("begin", "begun", "order.placed.v1"));
    expect(begun.wrong).toBeUndefined();
    expect(walks.note(begun.to, "payment", early).wrong).toBeUndefined();
  });

  it("do not change the place from which they lead", () => {
    const walks = walksOfOrder();
    const begin = row("begin", "begun", "order.placed.v1");
    walks.note(walks.start, "order", begin);
    expect(walks.note(walks.start, "order", begin).wrong).toBeUndefined();
    expect(walks.start.walk.identity).toBe(walksOfOrder().start.walk.identity);
  });

  it("are bounded in number, and beyond it are taken as before", () => {
    const walks = walksOfOrder();
    for (let n = 0; n < 10_500; n++)
      walks.mark(walks.start, "payment", [{ sagaId: "o-1", name: `once ${n}`, state: "x" }]);
    expect(walks.start.steps.size).toBe(10_000);
    const begun = walks.note(walks.start, "order", row("begin", "begun", "order.placed.v1"));
    expect(begun.wrong).toBeUndefined();
  });
});
