import type { KeptPayload } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { useResource } from "../../net/use-resource.ts";
import { type Difference, differences } from "../../text/difference.ts";
import { shortType, visible } from "../../text/visible.ts";
import { PayloadText } from "../../ui/payload.tsx";
import { Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

/** The payload of one event, and what its emitter has changed against the cause. */
export function EventPayload({ saga, event }: { readonly saga: string; readonly event: string }) {
  const { saga: w } = words.value;
  const asked = useResource(`payloads ${saga} ${event}`, (signal) =>
    api.payloads(saga, event, signal),
  );
  return (
    <Shown asked={asked}>
      {(reply) => {
        if (reply.event === undefined) return <p class="soft note-line">{w.noPayload}</p>;
        const { type, payload } = reply.event;
        return (
          <figure class="kept">
            <figcaption>
              <b>{shortType(type)}</b>
            </figcaption>
            <PayloadText payload={payload} />
            {reply.cause !== undefined && <Changed cause={reply.cause} event={reply.event} />}
          </figure>
        );
      }}
    </Shown>
  );
}

function Changed({ cause, event }: { readonly cause: KeptPayload; readonly event: KeptPayload }) {
  const { saga: w } = words.value;
  const changed = differences(cause.payload, event.payload);
  if (changed === undefined) return null;
  return (
    <>
      <h3>{w.against(shortType(cause.type))}</h3>
      {changed.length === 0 ? (
        <p class="soft">{w.same}</p>
      ) : (
        <ul class="differences">
          {changed.map((one) => (
            <li key={one.at}>
              <Line of={one} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Line({ of: { at, kind, before, after } }: { readonly of: Difference }) {
  const { saga: w } = words.value;
  return (
    <>
      <span class="soft">{w.differs[kind]}</span> <code>{visible(at === "" ? "/" : at)}</code>{" "}
      {before !== undefined && <del>{visible(before)}</del>}{" "}
      {after !== undefined && <ins>{visible(after)}</ins>}
    </>
  );
}
