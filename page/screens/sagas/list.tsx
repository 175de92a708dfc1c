import type { SagaRow } from "../../../src/console/wire.ts";
import { hrefOf, left } from "../../route.ts";
import { numberText } from "../../text/number.ts";
import { exactTime, now, spanText, timeText } from "../../text/time.ts";
import { shortType, visible } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { openText } from "../../ui/open-text.ts";
import { restsParts } from "../../ui/rests-text.ts";
import { VerdictMark } from "../../ui/verdict.tsx";
import { words } from "../../words/words.ts";

export function SagaList({
  rows,
  complete,
  onEnd,
}: {
  readonly rows: readonly SagaRow[];
  readonly complete: boolean;
  readonly onEnd: () => void;
}) {
  const { sagas: w, screens } = words.value;
  const columns = [
    { key: "saga", title: w.saga },
    { key: "state", title: w.verdict },
    { key: "waits", title: w.waits },
    { key: "began", title: w.began, numeric: true },
    { key: "last", title: w.last, numeric: true },
    { key: "steps", title: w.steps, numeric: true },
    { key: "took", title: w.took, numeric: true },
  ];
  return (
    <List
      label={screens.sagas}
      class="sagas-list"
      columns={columns}
      count={rows.length}
      complete={complete}
      keyOf={(index) => rows[index]?.id ?? ""}
      first={left.value}
      row={(index, focus) => cells(rows[index], focus)}
      onEnd={onEnd}
    />
  );
}

function cells(row: SagaRow | undefined, focus: 0 | -1) {
  if (row === undefined) return [];
  const { id, verdict, began, last, steps } = row;
  const ended = row.end !== undefined;
  return [
    <a key="id" href={hrefOf("sagas", id)} tabIndex={focus}>
      <Id text={id} listed />
    </a>,
    <VerdictMark key="verdict" of={verdict} />,
    waitsText(row),
    <time key="began" title={exactTime(began)}>
      {timeText(began)}
    </time>,
    <time key="last" title={exactTime(last)}>
      {timeText(last)}
    </time>,
    numberText(steps),
    <span key="took" class={ended ? "" : "soft"}>
      {ended ? spanText(last - began) : "–"}
    </span>,
  ];
}

function waitsText({ verdict, waitsFor, rests, end, unread = [] }: SagaRow): string {
  const { saga, open } = words.value;
  if (waitsFor !== undefined) return openText(waitsFor, now.value);
  if (rests !== undefined) return open.rests(...restsParts(rests, now.value));
  if (verdict === "stuck") return saga.stuckWhy;
  if (end === undefined && unread.length > 0) return saga.unread(unread.map(visible).join(", "));
  return end === undefined ? "" : shortType(end);
}
