import type { EventPart, EventReply } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { declared } from "../../net/live.ts";
import { useResource } from "../../net/use-resource.ts";
import { hrefOf } from "../../route.ts";
import { jsonLines } from "../../text/json.ts";
import { shortType, visible, visibleLines } from "../../text/visible.ts";
import { Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

export function EventDetail({ type }: { readonly type: string }) {
  const asked = useResource(`event ${type}`, (signal) => api.event(type, signal), declared);
  return (
    <section class="detail" aria-labelledby="event">
      <h2 id="event" class="mono">
        {visible(type)}
      </h2>
      <Shown asked={asked}>{(event) => <Known event={event} />}</Shown>
    </section>
  );
}

function Known({ event }: { readonly event: EventReply }) {
  const { events: w } = words.value;
  const { summary, role, schema, example, sensitive, emitters, hearers } = event;
  return (
    <>
      {role !== undefined && <p class="soft">{w.roles[role]}</p>}
      {summary !== undefined && <p class="message">{visible(summary)}</p>}
      <h3>{w.emitters}</h3>
      <ul>
        {emitters.map((part) => (
          <li key={`${part.service} ${part.reaction} ${part.how}`}>
            <Part part={part} />
          </li>
        ))}
        {emitters.length === 0 && <li class="soft">{w.noService}</li>}
      </ul>
      <h3>{w.hearers}</h3>
      <ul>
        {hearers.map(({ reads, emits, ...part }) => (
          <li key={`${part.service} ${part.reaction}`}>
            <Part part={part} />{" "}
            <span class="soft">
              {reads === undefined ? w.readsAll : w.reads(reads.map(visible).join(", "))}
              {" · "}
              {w.follows}
            </span>{" "}
            {emits.length === 0 ? <span class="soft">{w.nothing}</span> : <Types types={emits} />}
          </li>
        ))}
        {hearers.length === 0 && <li class="soft">{w.noService}</li>}
      </ul>
      {sensitive.length > 0 && (
        <>
          <h3>{w.sensitive}</h3>
          <p class="mono">{sensitive.map(visible).join(", ")}</p>
        </>
      )}
      {example !== undefined && <Code title={w.example} text={example} />}
      {schema === undefined ? (
        <p class="soft">{w.noSchema}</p>
      ) : (
        <Code title={w.schema} text={schema} />
      )}
    </>
  );
}

function Part({ part: { service, reaction, how } }: { readonly part: EventPart }) {
  const { events: w } = words.value;
  return (
    <>
      <a href={hrefOf("services", service)}>{visible(service)}</a>{" "}
      {how === "hears" ? visible(reaction ?? "") : w.hows[how]}
    </>
  );
}

function Types({ types }: { readonly types: readonly string[] }) {
  return (
    <>
      {types.map((type, index) => (
        <span key={type}>
          {index > 0 && ", "}
          <a class="id" href={hrefOf("events", type)}>
            {shortType(type)}
          </a>
        </span>
      ))}
    </>
  );
}

function Code({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <>
      <h3>{title}</h3>
      <pre class="payload" role="region" tabIndex={0} aria-label={title}>
        {visibleLines(jsonLines(text))}
      </pre>
    </>
  );
}
