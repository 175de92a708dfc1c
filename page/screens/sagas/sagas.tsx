import { useState } from "preact/hooks";
import type { SagasReply, VerdictCounts } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { live } from "../../net/live.ts";
import { usePages } from "../../net/pages.ts";
import { refine, route } from "../../route.ts";
import { Failed } from "../../ui/shown.tsx";
import { VERDICTS } from "../../ui/tones.ts";
import { words } from "../../words/words.ts";
import { ActDialog } from "../parked/act-dialog.tsx";
import type { Intent } from "../parked/intent.ts";
import { FilterBar } from "./bar.tsx";
import { filterIn, type SagaFilter } from "./filter.ts";
import { SagaList } from "./list.tsx";
import { Nothing } from "./nothing.tsx";
import { UnheardActs } from "./unheard.tsx";
import { VerdictTabs } from "./verdict-tabs.tsx";

const PAGE_ROWS = "100";

/** All sagas, by verdict and filter, page by page. */
export function SagasScreen() {
  const { verdict, at, event, older, correlation, id } = route.value.query;
  const filter = { verdict, at, event, older, correlation, id };
  const pages = usePages(JSON.stringify(filter), {
    ask: (after, signal) => api.sagas({ ...filter, limit: PAGE_ROWS, after }, signal),
    rowsOf: ({ sagas }: SagasReply) => sagas,
  });
  const { rows, first, problem, asking, stale, sparse, next, reload, more } = pages;
  const { sagas: w, screens, state, meanings } = words.value;
  // The list changes while a person reads what would follow.
  const [intent, setIntent] = useState<Intent>();
  const only = VERDICTS.find((one) => one === verdict);
  const totals = live.value.totals ?? first?.totals;
  const all = allOf(filter, totals);
  const cut = all === undefined ? w.shownFirst(rows.length) : w.shownOf(rows.length, all);
  const isSet = (one: string | undefined) => one !== undefined && one !== "";
  const filtered = Object.values(filter).some(isSet);
  const named = (isSet(id) || isSet(correlation)) && ![verdict, at, event, older].some(isSet);
  return (
    <>
      <h1 class="hidden">{screens.sagas}</h1>
      <FilterBar filter={filterIn(filter)} />
      <VerdictTabs totals={totals} chosen={verdict} />
      {only !== undefined && <p class="soft note-line">{meanings[only]}</p>}
      {problem !== undefined && <Failed problem={problem} again={reload} />}
      {stale && (
        <p class="notice" role="status">
          {w.changed}{" "}
          <button type="button" class="button" onClick={reload}>
            {w.refresh}
          </button>
        </p>
      )}
      {first === undefined && problem === undefined && (
        <p class="loading" role="status">
          {state.loading}
        </p>
      )}
      {first !== undefined && rows.length === 0 && next === undefined && problem === undefined && (
        <Nothing forgets={first.forgets} filtered={filtered} named={named} />
      )}
      {sparse && (
        <p class="notice" role="status">
          {w.sparse}{" "}
          <button type="button" class="button" onClick={more} disabled={asking}>
            {w.searchOn}
          </button>
        </p>
      )}
      {rows.length > 0 && (
        <>
          {only === "unheard" && (
            <UnheardActs filter={filterIn(filter)} count={rows.length} onAct={setIntent} />
          )}
          <SagaList rows={rows} complete={next === undefined} onEnd={more} />
          <p class="list-foot soft" aria-busy={asking}>
            {next === undefined ? w.shown(rows.length) : `${cut} · ${w.more}`}
            {first?.forgets === true ? ` · ${w.forgets}` : ""}
          </p>
        </>
      )}
      {filtered && (
        <p class="list-foot">
          <button
            type="button"
            class="button plain"
            onClick={() =>
              refine({
                verdict: undefined,
                at: undefined,
                event: undefined,
                older: undefined,
                correlation: undefined,
                id: undefined,
              })
            }
          >
            {w.clear}
          </button>
        </p>
      )}
      {intent !== undefined && <ActDialog intent={intent} onClose={() => setIntent(undefined)} />}
    </>
  );
}

/** How many sagas match, where the totals say it: not where more than verdicts is asked for. */
function allOf(
  { verdict = "", ...others }: { readonly [K in keyof SagaFilter]: string | undefined },
  totals: VerdictCounts | undefined,
): number | undefined {
  if (totals === undefined || Object.values(others).some((one) => (one ?? "") !== ""))
    return undefined;
  const wanted = verdict.split(",");
  const counted = VERDICTS.filter((one) => verdict === "" || wanted.includes(one));
  return counted.reduce((sum, one) => sum + (totals[one] ?? 0), 0);
}
