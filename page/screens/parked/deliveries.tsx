import { useState } from "preact/hooks";
import type { ParkedReply, ParkedRow } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { usePages } from "../../net/pages.ts";
import { hrefOf } from "../../route.ts";
import { exactTime, now, spanText } from "../../text/time.ts";
import { shortType, visible } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { Failed } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { ActButton } from "./act-button.tsx";
import type { Intent } from "./intent.ts";

const PAGE_ROWS = "200";

interface Filter {
  readonly service: string | undefined;
  readonly reaction: string | undefined;
  readonly code: string | undefined;
}

/** The deliveries of a group, or all; one, some or all of them can be retried or discarded. */
export function Deliveries({
  filter,
  onAct,
}: {
  readonly filter: Filter;
  readonly onAct: (intent: Intent) => void;
}) {
  const { parked: w } = words.value;
  const key = JSON.stringify(filter);
  const pages = usePages(key, {
    ask: (after, signal) => api.parked({ ...filter, limit: PAGE_ROWS, after }, signal),
    rowsOf: ({ parked }: ParkedReply) => parked,
  });
  const { rows, first, problem, next, reload, more } = pages;
  const count = first?.total ?? 0;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // What was retried meanwhile is not there any more, and what another filter hides is not meant.
  const ids = rows.map(({ id }) => id).filter((id) => chosen.has(id));
  const choose = (id: string, on: boolean) => {
    const changed = new Set(ids);
    if (on) changed.add(id);
    else changed.delete(id);
    setChosen(changed);
  };
  const named = Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined),
  );
  const act = (action: "retry" | "discard") => () =>
    onAct(
      ids.length > 0
        ? { action, chosen: { ids }, count: ids.length }
        : { action, chosen: { filter: named }, count },
    );
  const anyRetried = rows.some(({ retried }) => retried !== undefined);
  const columns = [
    { key: "choose", title: "" },
    { key: "saga", title: w.saga },
    { key: "event", title: w.event },
    { key: "reaction", title: w.reaction },
    { key: "error", title: w.error },
    { key: "tries", title: w.attempts, numeric: true },
    { key: "since", title: w.since, numeric: true },
    ...(anyRetried ? [{ key: "again", title: w.retried, numeric: true }] : []),
  ];
  return (
    <section class="deliveries">
      <div class="bar">
        <h2>
          {filter.service === undefined
            ? w.everything
            : visible(`${filter.service} ${filter.reaction ?? ""} ${filter.code ?? ""}`)}
        </h2>
        {filter.service !== undefined && <a href={hrefOf("parked")}>{w.everything}</a>}
        <label class="check">
          <input
            type="checkbox"
            checked={ids.length > 0 && ids.length === rows.length}
            onChange={({ currentTarget: { checked } }) =>
              setChosen(new Set(checked ? rows.map(({ id }) => id) : []))
            }
          />
          {w.chooseAll}
        </label>
        <span class="soft" role="status">
          {ids.length > 0 ? w.chosen(ids.length) : w.ready(count)}
        </span>
        <span class="acts end">
          <ActButton
            action="retry"
            onAct={act("retry")}
            text={ids.length > 0 ? w.retryChosen(ids.length) : w.retryAll(count)}
          />
          <ActButton
            action="discard"
            onAct={act("discard")}
            text={ids.length > 0 ? w.discardChosen(ids.length) : w.discardAll(count)}
          />
        </span>
      </div>
      {problem !== undefined && <Failed problem={problem} again={reload} />}
      <List
        label={w.everything}
        class={`parked-list ${anyRetried ? "again-list" : ""}`}
        columns={columns}
        count={rows.length}
        complete={next === undefined}
        keyOf={(index) => rows[index]?.id ?? ""}
        rowClass={(index) => (chosen.has(rows[index]?.id ?? "") ? "chosen" : "")}
        row={(index, focus) => {
          const row = rows[index];
          const shown = cells(row, focus, chosen, choose);
          return anyRetried && row !== undefined ? [...shown, againCell(row)] : shown;
        }}
        onEnd={more}
      />
    </section>
  );
}

function cells(
  row: ParkedRow | undefined,
  focus: 0 | -1,
  chosen: ReadonlySet<string>,
  choose: (id: string, on: boolean) => void,
) {
  if (row === undefined) return [];
  const { id, service, reaction, sagaId, type, attempts, since, problem } = row;
  const { parked: w } = words.value;
  return [
    <input
      key="choose"
      type="checkbox"
      tabIndex={focus}
      aria-label={`${w.choose} ${visible(sagaId)}`}
      checked={chosen.has(id)}
      onChange={({ currentTarget: { checked } }) => choose(id, checked)}
    />,
    <a key="saga" href={hrefOf("sagas", sagaId)} tabIndex={focus}>
      <Id text={sagaId} listed />
    </a>,
    <span key="event" class="mono">
      {shortType(type)}
    </span>,
    visible(`${service} ${reaction}`),
    problem === undefined ? (
      <span class="soft">{w.behind}</span>
    ) : (
      <span key="error" title={visible(problem.message)}>
        <code class="bad">{visible(problem.code)}</code> {visible(problem.message)}
      </span>
    ),
    attempts,
    <time key="since" title={exactTime(since)}>
      {spanText(now.value - since)}
    </time>,
  ];
}

function againCell({ retried }: ParkedRow) {
  if (retried === undefined) return "";
  return (
    <time title={exactTime(retried)}>{words.value.time.ago(spanText(now.value - retried))}</time>
  );
}
