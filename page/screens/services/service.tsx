import type { ReactionRow, ServiceRow } from "../../../src/console/wire.ts";
import { numberText, rateText } from "../../text/number.ts";
import { exactTime, now, spanText, timeText } from "../../text/time.ts";
import { shortType, visible } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { Named } from "../../ui/named.tsx";
import { words } from "../../words/words.ts";

/** One service: its reactions with what they take, and the versions that have run. */
export function ServiceDetail({ service }: { readonly service: ServiceRow }) {
  const { services: w } = words.value;
  const { reactions, versions, name } = service;
  const columns = [
    { key: "reaction", title: w.reaction },
    { key: "kind", title: w.kind },
    { key: "hears", title: w.hears },
    { key: "rate", title: w.rate, numeric: true },
    { key: "lag", title: w.latency, numeric: true },
    { key: "handler", title: w.handler, numeric: true },
    { key: "handled", title: w.handled, numeric: true },
    { key: "failed", title: w.failed, numeric: true },
  ];
  return (
    <section class="service-detail" aria-labelledby="service">
      <h2 id="service">{visible(name)}</h2>
      <Unread service={service} />
      <List
        label={w.reactions}
        class="reactions-list"
        columns={columns}
        count={reactions.length}
        keyOf={(index) => `${reactions[index]?.kind} ${reactions[index]?.name}`}
        row={(index, focus) => cells(reactions[index], focus)}
      />
      <h3>{w.versions}</h3>
      <ul class="versions">
        {versions.slice(0, 8).map(({ fingerprint, first, last, running }) => (
          <li key={fingerprint}>
            <Id text={fingerprint} />{" "}
            <span class="soft">
              {w.first} <time title={exactTime(first)}>{timeText(first)}</time> · {w.last}{" "}
              <time title={exactTime(last)}>{timeText(last)}</time>
            </span>{" "}
            {running && (service.processes ?? 0) > 0 && <b class="good">{w.running}</b>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Why the service cannot be read, and for how long: what is shown of it is older than that. */
function Unread({ service: { problem, unreadSince } }: { readonly service: ServiceRow }) {
  const { services: w } = words.value;
  if (problem === undefined) return null;
  const code = visible(problem);
  return (
    <p class="notice bad">
      <strong>{w.problem(code)}</strong>{" "}
      {unreadSince !== undefined && (
        <time title={exactTime(unreadSince)}>
          {w.unreadSince(timeText(unreadSince), spanText(now.value - unreadSince))}
        </time>
      )}
    </p>
  );
}

function cells(row: ReactionRow | undefined, focus: 0 | -1) {
  if (row === undefined) return [];
  const { name, kind, hears, perSecond, p50Ms, p99Ms, handled, failed } = row;
  const { services: w, map } = words.value;
  return [
    <span key="name" tabIndex={focus}>
      {visible(name)}
    </span>,
    w.kinds[kind],
    <span key="hears" class="mono">
      {hears.map(shortType).join(", ")}
    </span>,
    map.perSecond(rateText(perSecond)),
    p50Ms === undefined ? (
      <span class="soft none">–</span>
    ) : (
      <Named key="lag" title={w.latency}>
        {pair(p50Ms, p99Ms)}
      </Named>
    ),
    pair(row.handlerP50Ms, row.handlerP99Ms),
    numberText(handled),
    <Named key="failed" title={w.failed}>
      {failed === 0 ? <span class="soft">0</span> : <b class="bad">{numberText(failed)}</b>}
    </Named>,
  ];
}

function pair(p50: number | undefined, p99: number | undefined) {
  if (p50 === undefined) return <span class="soft">–</span>;
  return `${spanText(p50)} / ${p99 === undefined ? "–" : spanText(p99)}`;
}
