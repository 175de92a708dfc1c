import type { MapEdge, Point } from "../../../src/console/wire.ts";
import { placed, type View } from "./view.ts";

const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** The line of an arrow up to its head, as a path of SVG. */
export function shaftOf({ points: [first, ...rest] }: MapEdge, view: View): string {
  if (first === undefined) return "";
  const to = (point: Point) => at(placed(view, point));
  return `M${to(first)}C${rest.map(to).join(" ")}`;
}

/** The line to the end of the head. */
export function curveOf(edge: MapEdge, view: View): string {
  const shaft = shaftOf(edge, view);
  return shaft === "" ? "" : `${shaft}L${at(placed(view, edge.tip))}`;
}

export function labelPlace({ label, points }: MapEdge, view: View): Point | undefined {
  const place = label ?? points[Math.floor(points.length / 2)];
  return place && placed(view, place);
}

const TIP_LENGTH = 7;
const TIP_HALF = 3.6;

/** The head of an arrow, at its end; drawn here so that it has the colour of its arrow. */
export function tipOf({ points, tip }: MapEdge, view: View): string {
  const last = points.at(-1);
  if (last === undefined) return "";
  const end = placed(view, tip);
  const near = placed(view, last);
  const far = Math.hypot(end.x - near.x, end.y - near.y) > 0.5;
  const before = far ? near : placed(view, points.at(-2) ?? last);
  const angle = Math.atan2(end.y - before.y, end.x - before.x);
  const corner = (side: number) => ({
    x: end.x - TIP_LENGTH * Math.cos(angle) + side * TIP_HALF * Math.sin(angle),
    y: end.y - TIP_LENGTH * Math.sin(angle) - side * TIP_HALF * Math.cos(angle),
  });
  return `M${at(end)}L${at(corner(1))}L${at(corner(-1))}Z`;
}
