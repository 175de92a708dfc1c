import type { Point } from "../../../src/console/wire.ts";

/**
 * Where the points of a map are in the window. Width and height are scaled apart: a choreography is
 * laid out wide, and a window has room above and below. Letters keep their size.
 */
export interface View {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly left: number;
  readonly top: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 18;
/** A small map is not blown up: it would look like a poster. */
const SCALE_MAX = 1.15;
/** Below this boxes are too low or too narrow for letters: a larger map is moved instead. */
const SCALE_LEAST = 0.44;
/** A map that is moved anyway is as wide as most names need. */
const SCALE_NAMES = 0.95;
const STRETCH_MAX = 2.2;
const ZOOM_MAX = 8;
/** Far enough away to see a large map as a whole, without its names. */
const ZOOM_LEAST = 0.15;

/** Shows all of a map in the middle of a window, or its beginning if all would not be legible. */
export function fitted(map: Size, window: Size, start: Point = { x: 0, y: 0 }): View {
  const room = roomFor(map, window);
  const legible = (scale: number) => Math.max(SCALE_LEAST, Math.min(SCALE_MAX, scale));
  const isWhole = Math.min(room.width, room.height) >= SCALE_LEAST;
  const fitting = legible(Math.min(room.width, room.height * STRETCH_MAX));
  const scaleX = isWhole ? fitting : Math.max(SCALE_NAMES, fitting);
  const scaleY = legible(Math.min(room.height, scaleX * STRETCH_MAX));
  return begun(map, window, start, scaleX, scaleY);
}

/** Shows all of a map in the middle of a window, however small that makes it. */
export function overview(map: Size, window: Size): View {
  const room = roomFor(map, window);
  const scaleX = Math.min(SCALE_MAX, room.width, room.height * STRETCH_MAX);
  const scaleY = Math.min(SCALE_MAX, room.height, scaleX * STRETCH_MAX);
  return begun(map, window, { x: 0, y: 0 }, scaleX, scaleY);
}

/** The scales at which a map takes all of a window. */
function roomFor(map: Size, window: Size): Size {
  const room = (of: keyof Size) => Math.max(1, window[of] - 2 * MARGIN) / Math.max(1, map[of]);
  return { width: room("width"), height: room("height") };
}

function begun(map: Size, window: Size, start: Point, scaleX: number, scaleY: number): View {
  return {
    ...{ scaleX, scaleY },
    left: beginningAt(start.x * scaleX, map.width * scaleX, window.width),
    top: beginningAt(start.y * scaleY, map.height * scaleY, window.height),
  };
}

/** Where a map begins in one direction: it is in the middle, or its start is as far as it can be. */
function beginningAt(start: number, length: number, room: number): number {
  const least = room - length - MARGIN;
  if (least >= MARGIN) return (room - length) / 2;
  return Math.min(MARGIN, Math.max(least, room / 2 - start));
}

/** Zooms about a point of the window. */
export function zoomed(view: View, by: number, whole: View, { x, y }: Point): View {
  const wanted = (view.scaleX * by) / whole.scaleX;
  const k = (Math.min(ZOOM_MAX, Math.max(ZOOM_LEAST, wanted)) * whole.scaleX) / view.scaleX;
  return {
    scaleX: view.scaleX * k,
    scaleY: view.scaleY * k,
    left: x - (x - view.left) * k,
    top: y - (y - view.top) * k,
  };
}

/** Moves as little as is needed for a point to be seen with some room around it. */
export function showing(view: View, window: Size, point: Point): View {
  const { x, y } = placed(view, point);
  const inside = (at: number, size: number, room: number) =>
    Math.min(Math.max(at, Math.min(room, size / 2)), Math.max(size - room, size / 2)) - at;
  return {
    ...view,
    left: view.left + inside(x, window.width, 90),
    top: view.top + inside(y, window.height, 50),
  };
}

/** Brings a point that is not seen into the middle. */
export function centred(view: View, window: Size, point: Point): View {
  const { x, y } = placed(view, point);
  const seen = x > 0 && y > 0 && x < window.width && y < window.height;
  if (seen) return view;
  return { ...view, left: view.left + window.width / 2 - x, top: view.top + window.height / 2 - y };
}

export function placed({ scaleX, scaleY, left, top }: View, { x, y }: Point): Point {
  return { x: x * scaleX + left, y: y * scaleY + top };
}
