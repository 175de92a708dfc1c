import type { MapEdge } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { widthOf } from "../../text/measure.ts";
import { shortType, visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { curveOf, labelPlace, shaftOf, tipOf } from "./curve.ts";
import { edgeTexts, liveOfEdge, toneAt } from "./state.ts";
import type { View } from "./view.ts";

/** How wide the layout keeps a label's place, and its letters. */
const LABEL_WIDTH = 72;
const LABEL_FONT = 11;
/** A number is always shown where something is wrong. */
const TROUBLE_PX = 24;

/** The width of an arrow says how much goes over it: ten times as much is one step more. */
function strokeOf(perSecond: number): number {
  return 1.2 + Math.min(4, Math.log10(1 + perSecond) * 1.5);
}

/** An arrow. One with trouble can be reached by the keyboard; a box tells of the others. */
export function EdgeShape({
  edge,
  view,
  faint,
}: {
  readonly edge: MapEdge;
  readonly view: View;
  readonly faint: boolean;
}) {
  const { map } = words.value;
  const state = liveOfEdge(edge);
  const tone = toneAt(state?.open, state?.perSecond ?? 0);
  const trouble = tone === "bad" || tone === "wait";
  const texts = edgeTexts(edge);
  const kept = edge.label === undefined ? 0 : LABEL_WIDTH * view.scaleX;
  const room = trouble ? Math.max(TROUBLE_PX, kept) : kept;
  const label = texts.find((text) => widthOf(text, LABEL_FONT, trouble) <= room);
  const { query, open } = route.value;
  const lit = query.lit !== undefined && edge.findings.includes(query.lit);
  const types = edge.types.map(shortType).join(", ");
  const what = map.edge(visible(edge.from), visible(edge.to), types);
  const back = edge.kind === "failure" || edge.kind === "undo";
  const classes = ["edge", tone, back ? "back" : "", faint ? "faint" : "", lit ? "lit" : ""];
  const curve = curveOf(edge, view);
  const place = labelPlace(edge, view);
  const [text] = texts;
  return (
    <a
      class={`${classes.join(" ")} ${open === `edge:${edge.id}` ? "chosen" : ""}`}
      href={hrefOf("map", `edge:${edge.id}`, query)}
      tabIndex={trouble ? 0 : -1}
      aria-label={text === undefined ? what : `${what}; ${text}`}
    >
      <title>{edge.types.map(shortType).join("\n")}</title>
      <path class="reach" d={lit ? shaftOf(edge, view) : curve} />
      <path class="line" d={curve} stroke-width={strokeOf(state?.perSecond ?? 0)} />
      <path class="tip" d={tipOf(edge, view)} />
      {label !== undefined && place !== undefined && (
        <text x={place.x} y={place.y + 2}>
          {label}
        </text>
      )}
    </a>
  );
}
