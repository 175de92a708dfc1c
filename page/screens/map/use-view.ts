import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { MapReply, Point } from "../../../src/console/wire.ts";
import { fitted, overview, type Size, type View, zoomed } from "./view.ts";

interface Drag extends Point {
  readonly view: View;
}

const WHEEL = 1.15;
/** A pointer that has moved less was meant as a click. */
const CLICK_PX = 4;

/** Moves and zooms: by wheel, by drag, by buttons. Fits the window until a person has moved. */
export function useView(svg: RefObject<SVGSVGElement | null>, map: MapReply) {
  const { width, height, nodes } = map;
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [moved, setMoved] = useState<View>();
  const whole = fitted(
    { width, height },
    size,
    nodes.find(({ begins }) => begins),
  );
  const view = moved ?? whole;
  const all = overview({ width, height }, size);
  const latest = useRef({ view, whole, all, size });
  latest.current = { view, whole, all, size };
  const drag = useRef<Drag | undefined>(undefined);
  const dragged = useRef(false);
  useEffect(() => {
    const element = svg.current;
    if (element === null) return;
    const seen = new ResizeObserver(() => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    seen.observe(element);
    return () => seen.disconnect();
  }, [svg]);
  useEffect(() => {
    // Another map: what a person had moved to is not there any more.
    if (width > 0 && height > 0) setMoved(undefined);
  }, [width, height]);
  const [actions] = useState(() => {
    const middle = () => ({ x: latest.current.size.width / 2, y: latest.current.size.height / 2 });
    return {
      change: (next: (view: View, window: Size) => View) =>
        setMoved(next(latest.current.view, latest.current.size)),
      zoom: (by: number, at: Point = middle()) =>
        setMoved(zoomed(latest.current.view, by, latest.current.whole, at)),
      fitAll: () => {
        const { whole, all } = latest.current;
        // What fits legibly goes on to fit a window whose size changes.
        setMoved(all.scaleX < whole.scaleX || all.scaleY < whole.scaleY ? all : undefined);
      },
    };
  });
  const handlers = {
    onWheel: (event: WheelEvent) => {
      const box = svg.current?.getBoundingClientRect();
      if (box === undefined) return;
      event.preventDefault();
      const at = { x: event.clientX - box.x, y: event.clientY - box.y };
      actions.zoom(event.deltaY > 0 ? 1 / WHEEL : WHEEL, at);
    },
    onPointerDown: ({ button, clientX: x, clientY: y }: PointerEvent) => {
      dragged.current = false;
      if (button === 0) drag.current = { x, y, view: latest.current.view };
    },
    onPointerMove: ({ clientX, clientY, buttons, pointerId }: PointerEvent) => {
      const from = buttons === 1 ? drag.current : undefined;
      if (from === undefined) return;
      const [x, y] = [clientX - from.x, clientY - from.y];
      if (!dragged.current && Math.hypot(x, y) < CLICK_PX) return;
      if (!dragged.current) svg.current?.setPointerCapture(pointerId);
      dragged.current = true;
      setMoved({ ...from.view, left: from.view.left + x, top: from.view.top + y });
    },
    onPointerUp: () => {
      drag.current = undefined;
    },
    onClickCapture: (event: MouseEvent) => {
      if (!dragged.current) return;
      event.preventDefault();
      event.stopPropagation();
      dragged.current = false;
    },
    onDragStart: (event: DragEvent) => event.preventDefault(),
  };
  return { view, known: size.width > 0, ...actions, handlers };
}
