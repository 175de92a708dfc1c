/** The part of the map that is shown, in the map's own units. */
export interface ViewBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 14;
/** A small map is not blown up: its letters would look like a poster's. */
const SCALE_MAX = 1.25;
const ZOOM_MAX = 8;

/** Shows all of a map in a window, in the middle. */
export function fitted(map: Size, window: Size): ViewBox {
  const width = map.width + 2 * MARGIN;
  const height = map.height + 2 * MARGIN;
  const scale = Math.min(window.width / width, window.height / height, SCALE_MAX);
  if (!(scale > 0)) return { x: -MARGIN, y: -MARGIN, width, height };
  const shown = { width: window.width / scale, height: window.height / scale };
  return {
    x: (map.width - shown.width) / 2,
    y: (map.height - shown.height) / 2,
    ...shown,
  };
}

/** Zooms about a point: 0.5 is the middle of the window. */
export function zoomed(
  view: ViewBox,
  by: number,
  whole: ViewBox,
  at = { x: 0.5, y: 0.5 },
): ViewBox {
  const least = whole.width / ZOOM_MAX;
  const width = Math.min(whole.width * 1.5, Math.max(least, view.width * by));
  const k = width / view.width;
  return {
    x: view.x + view.width * at.x * (1 - k),
    y: view.y + view.height * at.y * (1 - k),
    width,
    height: view.height * k,
  };
}

/** Moves as little as is needed for a point to be seen, with room around it. */
export function showing(view: ViewBox, { x, y }: { x: number; y: number }): ViewBox {
  const [roomX, roomY] = [Math.min(110, view.width / 3), Math.min(60, view.height / 3)];
  return {
    ...view,
    x: Math.min(Math.max(view.x, x + roomX - view.width), x - roomX),
    y: Math.min(Math.max(view.y, y + roomY - view.height), y - roomY),
  };
}
