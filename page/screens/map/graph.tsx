import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MapReply } from "../../../src/console/wire.ts";
import { route } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { EdgeShape } from "./edge.tsx";
import { nextNode } from "./keyboard.ts";
import { Legend } from "./legend.tsx";
import { NodeShape } from "./node.tsx";
import { found } from "./state.ts";
import { useView } from "./use-view.ts";
import { centred, showing } from "./view.ts";
import { ZoomButtons } from "./zoom.tsx";

const ZOOM = 1.3;

/** The map itself: drawn as it was laid out, moved and zoomed. */
export function Graph({ map, name }: { readonly map: MapReply; readonly name: string }) {
  const svg = useRef<SVGSVGElement>(null);
  const { view, known, change, zoom, fitAll, handlers } = useView(svg, map);
  const { query, open } = route.value;
  const hits = useMemo(() => found(query.find ?? "", map.nodes, map.edges), [query.find, map]);
  const near = useMemo(() => neighbourhood(open, map), [open, map]);
  const [first] = map.nodes;
  const [active, setActive] = useState<string>();
  const current = map.nodes.some(({ id }) => id === active) ? active : first?.id;
  const isFaint = (id: string) =>
    (near !== undefined && !near.has(id)) || (hits.size > 0 && !hits.has(id));
  const hit = map.nodes.find(({ id }) => hits.has(id));
  useEffect(() => {
    if (hit !== undefined && known) change((now, size) => centred(now, size, hit));
  }, [hit, known, change]);
  const move = (event: KeyboardEvent) => {
    if (event.key === "+" || event.key === "=") zoom(ZOOM);
    else if (event.key === "-") zoom(1 / ZOOM);
    else if (event.key === "0") fitAll();
    const next = nextNode(map.nodes, current, event.key);
    if (next === undefined) return;
    event.preventDefault();
    setActive(next.id);
    change((now, size) => showing(now, size, next));
    svg.current?.querySelector<SVGElement>(`[data-node="${CSS.escape(next.id)}"]`)?.focus();
  };
  return (
    <div class="graph">
      <svg
        ref={svg}
        role="group"
        aria-label={words.value.map.label(visible(name))}
        onKeyDown={move}
        {...handlers}
      >
        {known &&
          map.edges.map((edge) => (
            <EdgeShape
              key={edge.id}
              edge={edge}
              view={view}
              faint={isFaint(edge.from) || isFaint(edge.to)}
            />
          ))}
        {known &&
          map.nodes.map((node) => (
            <NodeShape
              key={node.id}
              node={node}
              view={view}
              faint={isFaint(node.id)}
              found={hits.has(node.id)}
              focus={node.id === current ? 0 : -1}
            />
          ))}
      </svg>
      <div class="bar strip">
        <ZoomButtons zoom={zoom} fitAll={fitAll} />
        <Legend back={query.back === "1"} lit={query.lit} />
      </div>
    </div>
  );
}

/** What is open and what stands beside it; the rest is faint. Undefined if nothing is open. */
function neighbourhood(open: string | undefined, map: MapReply): ReadonlySet<string> | undefined {
  const edge = map.edges.find(({ id }) => open === `edge:${id}`);
  if (edge !== undefined) return new Set([edge.from, edge.to]);
  const node = map.nodes.find(({ id }) => open === `node:${id}`);
  if (node === undefined) return undefined;
  const touching = map.edges.filter(({ from, to }) => from === node.id || to === node.id);
  return new Set([node.id, ...touching.flatMap(({ from, to }) => [from, to])]);
}
