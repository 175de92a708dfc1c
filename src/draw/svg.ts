import { instance } from "@viz-js/viz";
import { OdoriError } from "../contract/errors.ts";
import { toDot } from "./dot.ts";
import type { Flow } from "./flow.ts";

/** Graphviz needs minutes, and its picture cannot be read, beyond this. */
const EDGES_MAX = 1_500;

/** The flow as a standalone SVG, laid out by Graphviz. Throws `PICTURE_TOO_LARGE`. */
export async function toSvg(flow: Flow): Promise<string> {
  if (flow.edges.length > EDGES_MAX) {
    throw new OdoriError(
      "PICTURE_TOO_LARGE",
      `A picture with ${flow.edges.length} arrows could not be read.`,
      {
        hint: "Draw a part: --from, --to, --service, --hops.",
      },
    );
  }
  const viz = await instance();
  return viz.renderString(toDot(flow), { format: "svg" });
}
