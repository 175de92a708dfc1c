import { instance } from "@viz-js/viz";
import { OdoriError } from "../contract/errors.ts";

/** A box to be placed. */
export interface Box {
  readonly width: number;
  readonly height: number;
}

/** An arrow between two boxes, by their places in the list. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
  /** Whether it leads back: it then has no influence on the order of the boxes, and no label. */
  readonly back: boolean;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** A line that was laid out: a Bézier curve, and a straight end. */
export interface LaidLine {
  readonly points: readonly Spot[];
  readonly tip: Spot;
  readonly label: Spot | undefined;
}

/** Boxes and arrows with their places, in points from the upper left corner. */
export interface MapLayout {
  readonly width: number;
  readonly height: number;
  /** The middle of each box. */
  readonly boxes: readonly Spot[];
  readonly arrows: readonly LaidLine[];
}

const POINTS_PER_INCH = 72;
/** The room that is kept for the label of an arrow, in points. */
const LABEL =
  '<<TABLE BORDER="0" FIXEDSIZE="TRUE" WIDTH="72" HEIGHT="14"><TR><TD></TD></TR></TABLE>>';
/** Above this, Graphviz takes minutes. */
const ARROWS_MAX = 1_500;

/** Places boxes and arrows by Graphviz. Throws `PICTURE_TOO_LARGE` for more than 1,500 arrows. */
export async function placeBoxes(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
): Promise<MapLayout> {
  if (arrows.length > ARROWS_MAX)
    throw new OdoriError("PICTURE_TOO_LARGE", `A map with ${arrows.length} arrows is too large.`, {
      hint: "Ask for one service and its neighbours.",
    });
  const inches = (points: number) => (points / POINTS_PER_INCH).toFixed(3);
  const dot = [
    "digraph { graph [rankdir=LR nodesep=0.3 ranksep=0.35 splines=true]",
    'node [shape=box fixedsize=true label=""] edge [arrowsize=0.5]',
    ...boxes.map(
      ({ width, height }, at) => `n${at} [width=${inches(width)} height=${inches(height)}]`,
    ),
    ...arrows.map(
      ({ from, to, back }, at) =>
        `n${from} -> n${to} [id=a${at} ${back ? "constraint=false" : `weight=3 label=${LABEL}`}]`,
    ),
    "}",
  ].join("\n");
  const viz = await instance();
  return layoutIn(viz.renderJSON(dot), boxes.length, arrows.length);
}

/** The part of Graphviz's JSON that is read. */
interface Rendered {
  readonly bb?: string;
  readonly objects?: readonly { readonly name: string; readonly pos: string }[];
  readonly edges?: readonly { readonly id: string; readonly pos: string; readonly lp?: string }[];
}

function layoutIn(rendered: Rendered, boxCount: number, arrowCount: number): MapLayout {
  const [, , width = 0, height = 0] = (rendered.bb ?? "").split(",").map(Number);
  /** Graphviz counts from below. */
  const spot = (text: string): Spot => {
    const [x = 0, y = 0] = text.split(",").map(Number);
    return { x: rounded(x), y: rounded(height - y) };
  };
  const boxes = new Map(rendered.objects?.map(({ name, pos }) => [name, spot(pos)]));
  const arrows = new Map(
    rendered.edges?.map(({ id, pos, lp }) => {
      const parts = pos.split(" ");
      const points = parts.filter((part) => /^-?[\d.]/.test(part)).map(spot);
      const end = parts.find((part) => part.startsWith("e,"));
      const last = points.at(-1) ?? ORIGIN;
      const tip = end === undefined ? last : spot(end.slice(2));
      return [id, { points, tip, label: lp === undefined ? undefined : spot(lp) }] as const;
    }),
  );
  return {
    width: rounded(width),
    height: rounded(height),
    boxes: Array.from({ length: boxCount }, (_, at) => boxes.get(`n${at}`) ?? ORIGIN),
    arrows: Array.from({ length: arrowCount }, (_, at) => arrows.get(`a${at}`) ?? NOWHERE),
  };
}

const ORIGIN: Spot = { x: 0, y: 0 };
const NOWHERE: LaidLine = { points: [], tip: ORIGIN, label: undefined };

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
