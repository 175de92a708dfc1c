import { instance } from "@viz-js/viz";
import { OdoriError } from "../contract/errors.ts";
import { toDot } from "./dot.ts";
import type { Flow } from "./flow.ts";

/** Above this, Graphviz takes minutes, and the picture is unreadable. */
const EDGES_MAX = 1_500;

/**
 * Draws the flow as a standalone SVG, laid out by Graphviz.
 * Throws `PICTURE_TOO_LARGE` for more than 1,500 edges.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { flowOf, toSvg } from "odori/draw";
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * writeFileSync("order.svg", await toSvg(flowOf(manifestOf(order))));
 * ```
 */
export async function toSvg(flow: Flow): Promise<string> {
  if (flow.edges.length > EDGES_MAX) {
    throw new OdoriError(
      "PICTURE_TOO_LARGE",
      `A picture with ${flow.edges.length} arrows is too large to read; the limit is ${EDGES_MAX}.`,
      {
        hint: "Draw a part of the flow with --from, --to, --service and --hops.",
      },
    );
  }
  const viz = await instance();
  return viz.renderString(toDot(flow), { format: "svg" });
}
