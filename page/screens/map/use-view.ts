import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { MapReply } from "../../../src/console/wire.ts";
import { fitted, type ViewBox, zoomed } from "./view-box.ts";

interface Drag {
  readonly x: number;
  readonly y: number;
  readonly view: ViewBox;
}

const WHEEL = 1.15;
/** A pointer that has moved less was meant as a click. */
const CLICK_PX = 4;

/** Moves and zooms: by wheel, by drag, by buttons. Fits the window until a person has moved. */
export function useView(svg: RefObject<SVGSVGElement | null>, { width, height }: MapReply) {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [moved, setMoved] = useState<ViewBox>();
  const whole = fitted({ width, height }, size);
  const view = moved ?? whole;
  const latest = useRef({ view, whole });
  latest.current = { view, whole };
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
  const [actions] = useState(() => ({
    setView: (change: (view: ViewBox) => ViewBox) => {
      const next = change(latest.current.view);
      if (JSON.stringify(next) !== JSON.stringify(latest.current.view)) setMoved(next);
    },
    zoom: (by: number, at?: { readonly x: number; readonly y: number }) =>
      setMoved(zoomed(latest.current.view, by, latest.current.whole, at)),
    fitAll: () => setMoved(undefined),
  }));
  const handlers = {
    onWheel: (event: WheelEvent) => {
      const box = svg.current?.getBoundingClientRect();
      if (box === undefined) return;
      event.preventDefault();
      const at = {
        x: (event.clientX - box.x) / box.width,
        y: (event.clientY - box.y) / box.height,
      };
      actions.zoom(event.deltaY > 0 ? WHEEL : 1 / WHEEL, at);
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
      const scale = from.view.width / (size.width || 1);
      setMoved({ ...from.view, x: from.view.x - x * scale, y: from.view.y - y * scale });
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
  return { view, ...actions, handlers };
}
