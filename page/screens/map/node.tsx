import type { MapNode } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { liveOfNode, nodeText, toneAt } from "./state.ts";

/** How wide a letter of a name is, in the map's units. */
const LETTER = 7.1;
const PADDING = 10;

function clipped(text: string, room: number): string {
  const most = Math.max(3, Math.floor(room / LETTER));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

export interface NodeProps {
  readonly node: MapNode;
  readonly faint: boolean;
  readonly found: boolean;
  readonly focus: 0 | -1;
}

/** A box: a service, or a reaction. */
export function NodeShape({ node, faint, found, focus }: NodeProps) {
  const { id, kind, label, width, height, folded, begins } = node;
  const { query, open } = route.value;
  const state = liveOfNode(node);
  const tone = toneAt(state?.waiting, state?.perSecond ?? 0);
  const text = nodeText(node);
  const name = visible(label);
  const [left, top] = [-width / 2, -height / 2];
  const room = width - 2 * PADDING - (folded.length > 0 ? 22 : 0) - (begins ? 10 : 0);
  const classes = [tone, kind, faint ? "faint" : "", found ? "found" : ""];
  const { map } = words.value;
  const hint = folded.length === 0 ? "" : map.folded(folded.length, folded.map(visible).join(", "));
  return (
    <a
      class={`node ${classes.join(" ")} ${open === `node:${id}` ? "chosen" : ""}`}
      href={hrefOf("map", `node:${id}`, query)}
      tabIndex={focus}
      data-node={id}
      aria-label={map.node(name, text)}
    >
      <title>{[name, hint, begins ? map.begins : ""].filter((one) => one !== "").join("\n")}</title>
      <g transform={`translate(${node.x} ${node.y})`}>
        <rect x={left} y={top} width={width} height={height} rx={6} />
        {begins && <path class="begins" d={`M${left + 8} ${top + height * 0.4 - 9}l6 4l-6 4z`} />}
        <text class="name" x={left + PADDING + (begins ? 10 : 0)} y={top + height * 0.4}>
          {clipped(name, room)}
        </text>
        <text class="sub" x={left + PADDING} y={top + height * 0.76}>
          {text}
        </text>
        {folded.length > 0 && (
          <text class="folded" x={width / 2 - 8} y={top + height * 0.4}>
            +{folded.length}
          </text>
        )}
      </g>
    </a>
  );
}
