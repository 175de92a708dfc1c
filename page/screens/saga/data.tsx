import { useMemo, useState } from "preact/hooks";
import type { OpenDelivery, SagaReply, Step } from "../../../src/console/wire.ts";
import { allows } from "../../net/about.ts";
import { hrefOf } from "../../route.ts";
import { shortType, visible } from "../../text/visible.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { PayloadText } from "../../ui/payload.tsx";
import { words } from "../../words/words.ts";
import { EventPayload } from "./event-payload.tsx";
import type { ViewProps } from "./views.tsx";

/** An event of the saga, with the step that emitted it. */
interface Emitted {
  readonly id: string;
  readonly type: string;
  readonly by: Step;
}

/** Every event with its ids, and the payloads of the deliveries that are kept. */
export function Data({ reply, onEnd }: ViewProps) {
  const { saga: w } = words.value;
  const events = useMemo(
    () => reply.steps.flatMap((by) => by.emitted.map(({ id, type }) => ({ id, type, by }))),
    [reply.steps],
  );
  const [chosen, setChosen] = useState<string>();
  const payloads = allows("payloads");
  const columns = [
    { key: "event", title: w.emitted },
    { key: "event-id", title: w.eventId },
    { key: "service", title: w.service },
    { key: "cause", title: w.cause },
    ...(payloads ? [{ key: "show", title: w.payload }] : []),
  ];
  const show = payloads ? setChosen : undefined;
  return (
    <>
      <Kept reply={reply} />
      {chosen !== undefined && <EventPayload saga={reply.saga.id} event={chosen} />}
      <List
        label={w.views.data}
        class={payloads ? "payloads-list" : "data-list"}
        columns={columns}
        count={events.length}
        keyOf={(index) => `${index} ${events[index]?.id}`}
        row={(index, focus) => cells(events[index], focus, show)}
        onEnd={onEnd}
      />
    </>
  );
}

function cells(
  event: Emitted | undefined,
  focus: 0 | -1,
  show: ((id: string) => void) | undefined,
) {
  if (event === undefined) return [];
  const { id, type, by } = event;
  return [
    <a key="type" class="id" href={hrefOf("events", type)} tabIndex={focus}>
      {shortType(type)}
    </a>,
    <span key="id">
      <Id text={id} listed /> <CopyButton text={id} focus={focus} />
    </span>,
    <Id key="service" text={by.service} />,
    by.heard === undefined ? (
      words.value.saga.beginning
    ) : (
      <span key="cause">
        {shortType(by.heard)} <Id text={by.eventId} class="soft" />
      </span>
    ),
    ...(show === undefined
      ? []
      : [
          <button
            key="payload"
            type="button"
            class="button plain"
            tabIndex={focus}
            onClick={() => show(id)}
          >
            {words.value.saga.show}
          </button>,
        ]),
  ];
}

function Kept({ reply: { why } }: { readonly reply: SagaReply }) {
  const { saga: w } = words.value;
  if (!allows("payloads")) return <p class="soft note-line">{w.noPayloads}</p>;
  const kept = why.filter(({ payload }) => payload !== undefined);
  return (
    <>
      {kept.map((open) => (
        <KeptPayload key={open.id} open={open} />
      ))}
    </>
  );
}

function KeptPayload({ open: { service, type, payload } }: { readonly open: OpenDelivery }) {
  if (payload === undefined) return null;
  return (
    <figure class="kept">
      <figcaption>
        <b>{visible(service)}</b> {shortType(type)}
      </figcaption>
      <PayloadText payload={payload} />
    </figure>
  );
}
