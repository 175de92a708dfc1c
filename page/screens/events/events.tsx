import type { EventRow } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { declared } from "../../net/live.ts";
import { useResource } from "../../net/use-resource.ts";
import { hrefOf, route } from "../../route.ts";
import { shortType, visible } from "../../text/visible.ts";
import { List } from "../../ui/list.tsx";
import { SearchBar } from "../../ui/search-bar.tsx";
import { Empty, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { EventDetail } from "./event.tsx";

/** Every event of the choreography: what it holds, who emits it, and who hears it. */
export function EventsScreen() {
  const { events: w, screens } = words.value;
  const asked = useResource("events", (signal) => api.events(signal), declared);
  const { query, open } = route.value;
  return (
    <>
      <h1 class="hidden">{screens.events}</h1>
      <SearchBar label={w.find} />
      <Shown asked={asked}>
        {({ events }) => {
          if (events.length === 0) return <Empty title={w.noneYet} />;
          const listed = matching(events, query.find ?? "");
          const shown = open ?? listed[0]?.type;
          return (
            <div class="split">
              <EventList events={listed} open={shown} />
              {shown !== undefined && <EventDetail key={shown} type={shown} />}
            </div>
          );
        }}
      </Shown>
    </>
  );
}

function matching(events: readonly EventRow[], text: string): readonly EventRow[] {
  const wanted = text.trim().toLowerCase();
  const has = (name: string) => name.toLowerCase().includes(wanted);
  return events.filter(
    ({ type, summary, emitters, hearers }) =>
      has(type) || has(summary ?? "") || emitters.some(has) || hearers.some(has),
  );
}

function EventList({
  events,
  open,
}: {
  readonly events: readonly EventRow[];
  readonly open: string | undefined;
}) {
  const { events: w, screens } = words.value;
  if (events.length === 0) return <Empty title={w.none} />;
  return (
    <List
      label={screens.events}
      class="events-list"
      columns={[
        { key: "event", title: w.event },
        { key: "role", title: "" },
        { key: "hearers", title: w.hearers },
      ]}
      count={events.length}
      keyOf={(index) => events[index]?.type ?? ""}
      rowClass={(index) => (events[index]?.type === open ? "chosen" : "")}
      row={(index, focus) => cells(events[index], focus, open)}
    />
  );
}

function cells(event: EventRow | undefined, focus: 0 | -1, open: string | undefined) {
  if (event === undefined) return [];
  const { type, hearers, role } = event;
  const { events: w } = words.value;
  const { find } = route.value.query;
  return [
    <a
      key="event"
      class="id"
      href={hrefOf("events", type, { find })}
      tabIndex={focus}
      aria-current={type === open ? "true" : undefined}
    >
      {shortType(type)}
    </a>,
    <span key="role" class="soft">
      {role === undefined ? "" : w.roles[role]}
    </span>,
    <span key="hearers" class="soft">
      {hearers.length === 0 ? w.noService : hearers.map(visible).join(", ")}
    </span>,
  ];
}
