import type { ServiceRow } from "../../../src/console/wire.ts";
import { hrefOf } from "../../route.ts";
import { numberText, rateText } from "../../text/number.ts";
import { spanText } from "../../text/time.ts";
import { visible } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { Named } from "../../ui/named.tsx";
import { wordOf, words } from "../../words/words.ts";

export function ServiceList({
  services,
  open,
}: {
  readonly services: readonly ServiceRow[];
  readonly open: string | undefined;
}) {
  const { services: w, screens } = words.value;
  const columns = [
    { key: "service", title: w.service },
    { key: "rate", title: w.rate, numeric: true },
    { key: "processes", title: w.processes, numeric: true },
    { key: "outbox", title: w.outbox, numeric: true },
    { key: "deferred", title: w.deferred },
    { key: "versions", title: w.versions },
  ];
  return (
    <List
      label={screens.services}
      class={`services-list ${services.length > 8 ? "many" : ""}`}
      columns={columns}
      count={services.length}
      keyOf={(index) => services[index]?.name ?? ""}
      rowClass={(index) => (services[index]?.name === open ? "chosen" : "")}
      row={(index, focus) => cells(services[index], focus, open)}
    />
  );
}

function cells(service: ServiceRow | undefined, focus: 0 | -1, open: string | undefined) {
  if (service === undefined) return [];
  const { name, problem, processes, outbox, outboxOldestMs, backlog, reactions } = service;
  const { clockAheadMs: ahead, busLost, notRunning } = service;
  const { services: w } = words.value;
  const rate = reactions.reduce((sum, { perSecond }) => sum + perSecond, 0);
  return [
    <a
      key="service"
      href={hrefOf("services", name)}
      tabIndex={focus}
      aria-current={name === open ? "true" : undefined}
    >
      <Id text={name} listed />
    </a>,
    words.value.map.perSecond(rateText(rate)),
    problem !== undefined ? (
      <b class="bad" title={visible(problem)}>
        {w.unread}
      </b>
    ) : processes === 0 ? (
      <b class={notRunning === "awaited" ? "bad" : "soft"}>{w.notRunning}</b>
    ) : (
      <Named key="processes" title={w.processes}>
        {numberText(processes ?? 0)}
        {busLost !== undefined && (
          <small class="bad" title={visible(busLost)}>
            {" "}
            {w.busLost}
          </small>
        )}
      </Named>
    ),
    <span key="outbox">
      {outbox === undefined ? "–" : numberText(outbox)}
      {outbox !== undefined && outbox > 0 && outboxOldestMs !== undefined && (
        <small class="soft"> {w.oldest(spanText(outboxOldestMs))}</small>
      )}
      {backlog !== undefined && backlog > 0 && (
        <small class="soft"> {w.onBus(numberText(backlog))}</small>
      )}
      {ahead !== undefined && (
        <small class="bad"> {w.clock(spanText(Math.abs(ahead)), ahead > 0)}</small>
      )}
    </span>,
    <Deferred key="deferred" service={service} />,
    <Versions key="versions" service={service} />,
  ];
}

function Deferred({ service: { deferred = {} } }: { readonly service: ServiceRow }) {
  const { states } = words.value.services;
  const parts = Object.entries(deferred).filter(([, count]) => count > 0);
  if (parts.length === 0) return <span class="soft none">–</span>;
  return (
    <span>
      {parts.map(([state, count]) => (
        <span key={state} class={`part ${state === "parked" ? "bad" : ""}`}>
          {numberText(count)} {wordOf(states, state)}
        </span>
      ))}
    </span>
  );
}

function Versions({ service: { versions } }: { readonly service: ServiceRow }) {
  const { services: w } = words.value;
  const running = versions.filter((one) => one.running);
  const [newest] = versions;
  if (running.length > 1) return <b class="wait">{w.twoVersions(running.length)}</b>;
  return newest === undefined ? null : <Id text={newest.fingerprint} class="soft" />;
}
