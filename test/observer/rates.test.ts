import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Projection } from "../../src/observer/projection.ts";
import type { Passage } from "../../src/observer/rates.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

function passage(service: string): Passage {
  return {
    ...{ emitter: "order", stem: "order.placed", service, reaction: "order.placed", at: NOW },
    ...{ wayMs: 5, runMs: 1, failed: false },
  };
}

function passed(projection: Projection, ...services: readonly string[]): void {
  const passages = services.map(passage);
  projection.apply({ sagas: [], accounts: [], passages, places: [] });
}

/** Deliveries that each service has handled. */
function handledIn({ rates }: Projection): Readonly<Record<string, number>> {
  const edges = [...rates.day(NOW).values()];
  return Object.fromEntries(edges.map(({ service, handled }) => [service, handled]));
}

describe("passages are counted on their own edges", () => {
  it("after another process has reset the projection", () => {
    const folder = mkdtempSync(join(tmpdir(), "odori-rates-"));
    const [one, other] = [0, 1].map(() => new Projection(join(folder, "projection.db")));
    try {
      if (one === undefined || other === undefined) throw new Error("there are two");
      passed(one, "payment", "shipping");
      other.reset();
      passed(other, "shipping");
      passed(one, "payment", "shipping");
      expect(handledIn(one)).toEqual({ payment: 1, shipping: 2 });
    } finally {
      one?.close();
      other?.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("after a commit that has failed", () => {
    const projection = new Projection(":memory:");
    // As the last thing that a round writes.
    projection.sql.run(
      "CREATE TRIGGER broken BEFORE INSERT ON source BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    const about = { service: "payment", declarations: [] };
    const round = { sagas: [], accounts: [], places: [{ cursor: "1", about }] };
    expect(() => projection.apply({ ...round, passages: [passage("payment")] })).toThrow("no");
    projection.sql.run("DROP TRIGGER broken");
    passed(projection, "shipping");
    passed(projection, "payment");
    expect(handledIn(projection)).toEqual({ payment: 1, shipping: 1 });
    projection.close();
  });
});
