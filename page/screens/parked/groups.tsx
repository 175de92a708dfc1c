import type { ParkedGroup, ParkedGroupsReply } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { numberText } from "../../text/number.ts";
import { exactTime, now, spanText } from "../../text/time.ts";
import { visible } from "../../text/visible.ts";
import { List } from "../../ui/list.tsx";
import { words } from "../../words/words.ts";
import { ActButton } from "./act-button.tsx";
import type { Intent } from "./intent.ts";

/** Deliveries that failed in the same way; each group can be retried or discarded as a whole. */
export function Groups({
  reply: { groups },
  onAct,
}: {
  readonly reply: ParkedGroupsReply;
  readonly onAct: (intent: Intent) => void;
}) {
  const { parked: w } = words.value;
  const columns = [
    { key: "group", title: w.group },
    { key: "message", title: w.message },
    { key: "count", title: w.deliveries, numeric: true },
    { key: "of", title: w.sagas, numeric: true },
    { key: "oldest", title: w.oldest, numeric: true },
    { key: "acts", title: "" },
  ];
  return (
    <List
      label={w.groups}
      class={`groups-list ${groups.length > 6 ? "many" : ""}`}
      columns={columns}
      count={groups.length}
      keyOf={(index) => hrefOfGroup(groups[index])}
      rowClass={(index) => (isOpen(groups[index]) ? "chosen" : "")}
      row={(index, focus) => cells(groups[index], focus, onAct)}
    />
  );
}

function hrefOfGroup(group: ParkedGroup | undefined): string {
  if (group === undefined) return "";
  const { service, reaction, code } = group;
  return hrefOf("parked", undefined, { service, reaction, code });
}

function isOpen(group: ParkedGroup | undefined): boolean {
  const { service, reaction, code } = route.value.query;
  return (
    group !== undefined &&
    group.service === service &&
    group.reaction === reaction &&
    group.code === code
  );
}

function cells(group: ParkedGroup | undefined, focus: 0 | -1, onAct: (intent: Intent) => void) {
  if (group === undefined) return [];
  const { service, reaction, code, deliveries, sagas, oldest, message } = group;
  const { time } = words.value;
  const act = (action: "retry" | "discard") => () =>
    onAct({ action, chosen: { filter: { service, reaction, code } }, count: deliveries });
  return [
    <a
      key="group"
      href={hrefOfGroup(group)}
      tabIndex={focus}
      aria-current={isOpen(group) ? "true" : undefined}
    >
      <b>{visible(service)}</b> {visible(reaction)} <code class="bad">{visible(code)}</code>
    </a>,
    <span key="message" title={visible(message)}>
      {visible(message)}
    </span>,
    numberText(deliveries),
    numberText(sagas),
    <time key="oldest" title={exactTime(oldest)}>
      {time.ago(spanText(now.value - oldest))}
    </time>,
    <span key="acts" class="acts">
      <ActButton action="retry" focus={focus} onAct={act("retry")} />
      <ActButton action="discard" focus={focus} onAct={act("discard")} />
    </span>,
  ];
}
