import type { MapEdge, Point } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { shortType, visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { edgeText, liveOfEdge, toneAt, troubles } from "./state.ts";

const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;

function pathOf({ points: [first, ...rest], tip }: MapEdge): string {
  if (first === undefined) return "";
  return `M${at(first)}C${rest.map(at).join(" ")}L${at(tip)}`;
}

/** The width of an arrow says how much goes over it: ten times as much is one step more. */
function widthOf(perSecond: number): number {
  return 1.2 + Math.min(4, Math.log10(1 + perSecond) * 1.5);
}

function labelPlace({ label, points }: MapEdge): Point | undefined {
  return label ?? points[Math.floor(points.length / 2)];
}

/** An arrow. One with trouble can be reached by the keyboard; a box tells of the others. */
export function EdgeShape({ edge, faint }: { readonly edge: MapEdge; readonly faint: boolean }) {
  const { map } = words.value;
  const state = liveOfEdge(edge);
  const tone = toneAt(state?.open, state?.perSecond ?? 0);
  const text = edgeText(edge);
  const { query, open } = route.value;
  const lit = query.lit !== undefined && edge.findings.includes(query.lit);
  const place = labelPlace(edge);
  const shown =
    text !== undefined && (edge.label !== undefined || troubles(state?.open).length > 0);
  const types = edge.types.map(shortType).join(", ");
  const what = map.edge(visible(edge.from), visible(edge.to), types);
  const back = edge.kind === "failure" || edge.kind === "undo";
  const classes = ["edge", tone, back ? "back" : "", faint ? "faint" : "", lit ? "lit" : ""];
  const path = pathOf(edge);
  const trouble = tone === "bad" || tone === "wait";
  return (
    <a
      class={`${classes.join(" ")} ${open === `edge:${edge.id}` ? "chosen" : ""}`}
      href={hrefOf("map", `edge:${edge.id}`, query)}
      tabIndex={trouble ? 0 : -1}
      aria-label={text === undefined ? what : `${what}; ${text}`}
    >
      <title>{edge.types.map(shortType).join("\n")}</title>
      <path class="reach" d={path} />
      <path class="line" d={path} stroke-width={widthOf(state?.perSecond ?? 0)} />
      <path class="tip" d={tipOf(edge)} />
      {shown && place !== undefined && (
        <text x={place.x} y={place.y + 4}>
          {text}
        </text>
      )}
    </a>
  );
}

const TIP_LENGTH = 7;
const TIP_HALF = 3.4;

/** The head of an arrow, at its end; drawn here so that it has the colour of its arrow. */
function tipOf({ points, tip }: MapEdge): string {
  const from = points.at(-1);
  if (from === undefined) return "";
  const far = Math.hypot(tip.x - from.x, tip.y - from.y);
  const before = far > 0.5 ? from : (points.at(-2) ?? from);
  const angle = Math.atan2(tip.y - before.y, tip.x - before.x);
  const corner = (side: number) => ({
    x: tip.x - TIP_LENGTH * Math.cos(angle) + side * TIP_HALF * Math.sin(angle),
    y: tip.y - TIP_LENGTH * Math.sin(angle) - side * TIP_HALF * Math.cos(angle),
  });
  return `M${at(tip)}L${at(corner(1))}L${at(corner(-1))}Z`;
}
