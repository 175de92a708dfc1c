import { choreography, event, service } from "odori";
import type { SimulationOptions } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { z } from "zod";
import type { RecordedStep } from "../../src/simulate/record.ts";
import { SqlRows } from "../../src/simulate/sql-rows.ts";
import { Stage } from "../../src/simulate/stage.ts";

const sku = z.object({ sku: z.string() });
const ordered = event("order.placed.v1", z.object({ skus: z.tuple([z.string(), z.string()]) }));
const accepted = event("order.accepted.v1", z.object({}));
const added = event("order.line_added.v1", sku);
const reserved = event("stock.reserved.v1", sku);

/**
 * An order of two lines, "fan" and "moon", each an event of the same type, which a service takes by
 * their key and adds to `seen`.
 */
export function linesWith(seen: string[]): Promise<Stage<Sql>> {
  const order = service<Sql>("order")
    .begins(ordered)
    .on(ordered, {
      readonly: true,
      emits: [[accepted, added, added]],
      handle({ data: { skus } }) {
        const [first, second] = skus;
        return [accepted({}), added({ sku: first }), added({ sku: second })];
      },
    });
  const stock = service<Sql>("stock").on(added, {
    key: ({ data }) => data.sku,
    emits: [reserved],
    handle({ data }) {
      seen.push(data.sku);
      return reserved(data);
    },
  });
  const lines = choreography("lines", {
    services: [order, stock],
    begins: [ordered],
    external: [reserved],
    succeeds: [accepted],
  });
  const given: SimulationOptions<Sql>["given"] = ({ begin }) =>
    begin(order, "o-1", () => ordered({ skus: ["fan", "moon"] }));
  return Stage.prepare(lines, { given }, () => new SqlRows());
}

/** How such an order begins, as it is recorded. */
export const BEGUN: readonly RecordedStep[] = [
  { service: "order", reaction: "begin", disposition: "begun", duplicates: 0 },
  {
    ...{ service: "order", reaction: "order.placed", disposition: "done", duplicates: 0 },
    ...{ heard: "order.placed.v1", from: { step: 0, emitted: 0 } },
  },
];

/** The step that has heard one of the events of the second step: the first line is number 1. */
export function lineStep(emitted: number, duplicates = 0): RecordedStep {
  return {
    ...{ service: "stock", reaction: "order.line_added", disposition: "done", duplicates },
    ...{ heard: "order.line_added.v1", from: { step: 1, emitted } },
  };
}
