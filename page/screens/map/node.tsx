import type { MapNode } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { shortened, widthOf } from "../../text/measure.ts";
import { visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { liveOfNode, nodeTexts, nodeTone } from "./state.ts";
import { placed, type View } from "./view.ts";

const FONT_MAX = 13;
const FONT_LEAST = 10;
const SUB_FONT = 11;
/** A box that is narrower has no room for a name. */
const NAMELESS_PX = 26;
/** A box that is lower has room for its name only. */
const TWO_LINES_PX = 30;

export interface NodeProps {
  readonly node: MapNode;
  readonly view: View;
  readonly faint: boolean;
  readonly found: boolean;
  readonly focus: 0 | -1;
}

/**
 * A box: a service, or a reaction. Its letters keep their size, and as many are shown as fit. A text
 * ends with a space: texts are joined where they are read aloud.
 */
export function NodeShape({ node, view, faint, found, focus }: NodeProps) {
  const { id, kind, label, folded, begins } = node;
  const { query, open } = route.value;
  const { map } = words.value;
  const state = liveOfNode(node);
  const tone = nodeTone(state);
  const trouble = tone === "bad" || tone === "wait";
  const texts = nodeTexts(node);
  const name = visible(label);
  const { x, y } = placed(view, node);
  const [width, height] = [node.width * view.scaleX, Math.max(18, node.height * view.scaleY)];
  const padding = Math.min(10, width * 0.07);
  const mark = begins ? 10 : 0;
  const more = folded.length === 0 ? "" : `+${folded.length}`;
  const room = width - 2 * padding - mark;
  const fitting = (FONT_MAX * room) / widthOf(name, FONT_MAX, true);
  const font = Math.min(FONT_MAX, Math.max(FONT_LEAST, Math.floor(fitting * 4) / 4));
  const twoLines = height >= TWO_LINES_PX && width > NAMELESS_PX;
  const nameY = twoLines ? -3 : 4;
  const subRoom = width - 2 * padding;
  const beside = more === "" ? 0 : widthOf(more, SUB_FONT) + 4;
  const [whole = ""] = texts;
  // What is wrong is said in full also where the number of listeners then has no room.
  const tight = trouble && widthOf(whole, SUB_FONT, true) > subRoom - beside;
  const fits = (one: string) => widthOf(one, SUB_FONT, trouble) <= subRoom - (tight ? 0 : beside);
  const hint = folded.length === 0 ? "" : map.folded(folded.length, folded.map(visible).join(", "));
  const classes = [tone, kind, faint ? "faint" : "", found ? "found" : ""];
  return (
    <a
      class={`node ${classes.join(" ")} ${open === `node:${id}` ? "chosen" : ""}`}
      href={hrefOf("map", `node:${id}`, query)}
      tabIndex={focus}
      data-node={id}
      aria-label={`${map.node(name, texts[0] ?? "")} ${more}`.trim()}
    >
      <g transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
        <title>
          {[name, hint, begins ? map.begins : ""].filter((one) => one !== "").join("\n")}
        </title>
        <rect x={-width / 2} y={-height / 2} width={width} height={height} rx={5} />
        {begins && <path class="begins" d={`M${padding - width / 2} ${nameY - 9}l6 4.5l-6 4.5z`} />}
        {width > NAMELESS_PX && (
          <text class="name" x={padding + mark - width / 2} y={nameY} font-size={font}>
            {`${found ? name : shortened(name, room, font)} `}
          </text>
        )}
        {twoLines && (
          <text class="sub" x={padding - width / 2} y={nameY + 15}>
            {`${texts.find(fits) ?? ""} `}
          </text>
        )}
        {twoLines && folded.length > 0 && !tight && (
          <text class="folded" x={width / 2 - padding} y={nameY + 15}>
            {more}
          </text>
        )}
      </g>
    </a>
  );
}
