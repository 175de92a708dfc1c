import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { MapEdge, MapNode, MapReply } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { rateText } from "../../text/number.ts";
import { spanText } from "../../text/time.ts";
import { shortType, visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { eventsOf } from "../sagas/filter.ts";
import { liveOfEdge, liveOfNode } from "./state.ts";
import { Waiting } from "./waiting.tsx";

/** What is open on the map, beside it. */
export function Panel({ map }: { readonly map: MapReply }) {
  const { open } = route.value;
  const node = map.nodes.find(({ id }) => open === `node:${id}`);
  const edge = map.edges.find(({ id }) => open === `edge:${id}`);
  if (node !== undefined)
    return (
      <Frame key={node.id} title={visible(node.label)}>
        <NodePanel node={node} map={map} />
      </Frame>
    );
  if (edge !== undefined)
    return (
      <Frame key={edge.id} title={`${visible(edge.from)} → ${visible(edge.to)}`}>
        <EdgePanel edge={edge} />
      </Frame>
    );
  return null;
}

function Frame({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const close = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus({ preventScroll: true });
    return () => {
      // The box or the arrow from which it was opened.
      const isThere = before instanceof HTMLElement || before instanceof SVGElement;
      if (isThere && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const { query } = route.value;
  return (
    <aside
      class="panel"
      aria-labelledby="panel-title"
      onKeyDown={({ key }) => key === "Escape" && close.current?.click()}
    >
      <header class="panel-head">
        <h2 id="panel-title" ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <a ref={close} class="button plain" href={hrefOf("map", undefined, query)}>
          {words.value.state.close}
        </a>
      </header>
      {children}
    </aside>
  );
}

function NodePanel({ node, map }: { readonly node: MapNode; readonly map: MapReply }) {
  const { map: w, services, screens } = words.value;
  const state = liveOfNode(node);
  const service = node.id.split("/")[0] ?? node.id;
  const { query } = route.value;
  return (
    <>
      {state !== undefined && <p class="soft">{w.perSecond(rateText(state.perSecond))}</p>}
      {state?.unread && <p class="wait">{w.notRead}</p>}
      {state?.notRunning !== undefined && <p class="wait">{services.notRunning}</p>}
      <Waiting counts={state?.waiting} at={service} />
      <EdgeList
        title={services.hears}
        edges={map.edges.filter(({ to }) => to === node.id)}
        end="from"
      />
      <EdgeList
        title={services.emitted}
        edges={map.edges.filter(({ from }) => from === node.id)}
        end="to"
      />
      {node.folded.length > 0 && (
        <>
          <h3>{w.listensTo}</h3>
          <p>{node.folded.map(visible).join(", ")}</p>
        </>
      )}
      <p class="links">
        {node.kind === "service" && (
          <>
            <a href={hrefOf("map", undefined, { ...query, service, find: undefined })}>
              {w.neighbours}
            </a>
            <a href={hrefOf("map", undefined, { service, level: "reactions" })}>{w.reactions}</a>
          </>
        )}
        <a href={hrefOf("services", service)}>{screens.services}</a>
      </p>
    </>
  );
}

function EdgeList({
  title,
  edges,
  end,
}: {
  readonly title: string;
  readonly edges: readonly MapEdge[];
  readonly end: "from" | "to";
}) {
  const { query } = route.value;
  if (edges.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="edges">
        {edges.map((edge) => (
          <li key={edge.id}>
            <a href={hrefOf("map", `edge:${edge.id}`, query)}>{visible(edge[end])}</a>{" "}
            <span class="soft">{edge.types.map(shortType).join(", ")}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function EdgePanel({ edge }: { readonly edge: MapEdge }) {
  const { map: w } = words.value;
  const state = liveOfEdge(edge);
  return (
    <>
      <Waiting
        counts={state?.open}
        at={edge.to.split("/")[0] ?? edge.to}
        event={eventsOf(edge.types)}
      />
      {state !== undefined && (
        <dl class="facts">
          <dt>{w.traffic}</dt>
          <dd>{w.perSecond(rateText(state.perSecond))}</dd>
          {state.p50Ms !== undefined && (
            <>
              <dt>{w.p50}</dt>
              <dd>{spanText(state.p50Ms)}</dd>
            </>
          )}
          {state.p99Ms !== undefined && (
            <>
              <dt>{w.p99}</dt>
              <dd>{spanText(state.p99Ms)}</dd>
            </>
          )}
        </dl>
      )}
      <h3>{w.events}</h3>
      <ul class="edges">
        {edge.types.map((type) => (
          <li key={type}>
            <a class="id" href={hrefOf("events", type)}>
              {shortType(type)}
            </a>
          </li>
        ))}
      </ul>
      {edge.findings.length > 0 && (
        <>
          <h3>{w.proof}</h3>
          <p class="bad">{edge.findings.map(visible).join(", ")}</p>
        </>
      )}
    </>
  );
}
