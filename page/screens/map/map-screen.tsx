import { useEffect } from "preact/hooks";
import { about } from "../../net/about.ts";
import { api } from "../../net/api.ts";
import { declared } from "../../net/live.ts";
import { useProof } from "../../net/use-proof.ts";
import { useResource } from "../../net/use-resource.ts";
import { hrefOf, type Query, refine, route } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { SearchBar } from "../../ui/search-bar.tsx";
import { Empty, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { Attention } from "./attention.tsx";
import { Graph } from "./graph.tsx";
import { Panel } from "./panel.tsx";

/** The first screen: the choreography as it runs now. */
export function MapScreen() {
  const { query, open } = route.value;
  const asked = {
    level: query.level === "reactions" ? ("reactions" as const) : undefined,
    service: query.service,
    listeners: query.listeners === "1" ? ("1" as const) : undefined,
    back: query.back === "1" ? ("1" as const) : undefined,
  };
  const key = JSON.stringify(asked);
  const map = useResource(key, (signal) => api.map(asked, signal), declared);
  const { reload } = map;
  // The map tells what the proof has found only once there is one.
  const proof = useProof(query.lit !== undefined || open?.startsWith("edge:") === true);
  const proved = proof.value?.state === "done";
  useEffect(() => {
    if (proved) reload();
  }, [proved]);
  const { map: w } = words.value;
  return (
    <>
      <h1 class="hidden">{words.value.screens.map}</h1>
      <Toolbar query={query} />
      <Attention nodes={map.value?.nodes ?? (map.problem && [])} />
      <Shown asked={map}>
        {(value) =>
          value.nodes.length === 0 ? (
            <Empty title={w.none}>{w.noneMore}</Empty>
          ) : (
            <div class="map-stage">
              <Graph map={value} name={about.value?.choreography?.name ?? "odori"} />
              <Panel map={value} />
            </div>
          )
        }
      </Shown>
    </>
  );
}

function Toolbar({ query }: { readonly query: Query }) {
  const { map: w } = words.value;
  const flag = (name: "listeners" | "back", title: string) => (
    <label class="check">
      <input
        type="checkbox"
        checked={query[name] === "1"}
        onChange={({ currentTarget: { checked } }) => refine({ [name]: checked ? "1" : undefined })}
      />
      {title}
    </label>
  );
  return (
    <SearchBar label={w.find}>
      {flag("listeners", w.listeners)}
      {flag("back", w.back)}
      {query.service !== undefined && (
        <a class="button" href={hrefOf("map")}>
          {w.whole}
        </a>
      )}
      {query.lit !== undefined && (
        <button type="button" class="button" onClick={() => refine({ lit: undefined })}>
          {w.lit(visible(query.lit))} · {w.unlit}
        </button>
      )}
    </SearchBar>
  );
}
