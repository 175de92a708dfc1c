import type {
  Ahead,
  NextOutcome,
  NextStep,
  SagaReply,
  Outlook as Told,
} from "../../../src/console/wire.ts";
import { hrefOf } from "../../route.ts";
import { shortType, visible } from "../../text/visible.ts";
import { FindingText } from "../../ui/finding-text.tsx";
import { deadlineName } from "../../ui/open-text.ts";
import { words } from "../../words/words.ts";
import { restText } from "./rest-text.ts";

const SHOWN_MAX = 8;
/** What follows where a delivery is given up on. Mostly a proof assumes that none is. */
const PARKED = "PARKED_STUCK";

/** What may still happen in a saga. */
export function Outlook({ reply }: { readonly reply: SagaReply }) {
  const { saga: w } = words.value;
  const { outlook, outlookFailed } = reply;
  const { unread = [] } = reply.saga;
  const why =
    unread.length > 0
      ? w.unread(unread.map(visible).join(", "))
      : outlookFailed
        ? w.outlookFailed
        : w.noOutlook;
  if (outlook === undefined)
    return (
      <section aria-labelledby="next">
        <h2 id="next">{w.next}</h2>
        <p class="soft">{why}</p>
      </section>
    );
  const { ahead, ifRetried, next, cannot, types, endsKnown } = outlook;
  const may = (ifRetried ?? ahead).events;
  return (
    <>
      <section aria-labelledby="next">
        <h2 id="next">{w.next}</h2>
        {next.length === 0 && <p class="soft">{w.nothingFollows}</p>}
        <ul class="next">
          {next.slice(0, SHOWN_MAX).map((step) => (
            <NextLine key={`${step.service} ${step.name} ${step.hears}`} step={step} />
          ))}
        </ul>
        {endsKnown && <Ends outlook={outlook} />}
      </section>
      <section aria-labelledby="may">
        <h2 id="may">
          {w.may} <span class="soft">{w.ofEvents(may.length, types)}</span>
        </h2>
        <Names types={may} />
        {cannot.length > 0 && (
          <>
            <h3>{w.cannot}</h3>
            <Names types={cannot} />
          </>
        )}
        <Doubts outlook={outlook} />
      </section>
    </>
  );
}

function NextLine({ step: { service, name, hears, outcomes } }: { readonly step: NextStep }) {
  const { saga: w } = words.value;
  const what =
    service === undefined
      ? w.outside
      : hears === undefined
        ? w.passes(visible(service), deadlineName(name ?? ""))
        : w.hears(visible(service), shortType(hears));
  const told = outcomes.filter(({ kind }) => kind !== "nothing");
  return (
    <li>
      {what}
      {told.length === 0 && <span class="soft"> · {w.nothingFollows}</span>}
      <ul>
        {told.map((outcome) => (
          <li key={`${outcome.kind} ${outcome.emits.join()}`}>
            <Outcome outcome={outcome} />
          </li>
        ))}
      </ul>
    </li>
  );
}

function Outcome({ outcome: { kind, emits, follows, rest } }: { readonly outcome: NextOutcome }) {
  const { saga: w } = words.value;
  const events = [...emits, ...follows].map(shortType);
  const way = events.length === 0 ? w.noEvent : events.slice(0, SHOWN_MAX).join(" → ");
  return (
    <>
      <span class="soft">{w.kinds[kind]}</span> {way}
      {events.length > SHOWN_MAX && " → …"}
      {rest !== undefined && (
        <b class={rest === "success" ? "good" : rest === "failure" ? "undo" : "bad"}>
          {" "}
          {w.rests[rest]}
        </b>
      )}
    </>
  );
}

function Ends({ outlook: { ahead, ifRetried, ifDiscarded } }: { readonly outlook: Told }) {
  const { saga: w } = words.value;
  const lines: readonly (readonly [string, Ahead])[] =
    ifRetried === undefined
      ? [["", ahead]]
      : [
          [w.asIs, ahead],
          [w.ifRetried, ifRetried],
          ...(ifDiscarded === undefined ? [] : [[w.ifDiscarded, ifDiscarded] as const]),
        ];
  return (
    <>
      <h3>{w.ends}</h3>
      <ul>
        {lines.map(([when, way]) => (
          <li key={when}>
            {when !== "" && <span class="soft">{when}: </span>}
            {endsText(way)}
            {way.violations.slice(0, 2).map(({ code, message }) => (
              <p key={code} class="bad">
                <FindingText code={code} message={message} />{" "}
                {code !== PARKED && <a href={hrefOf("proof", code)}>{w.toProof}</a>}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

function endsText({ good, bad }: Ahead): string {
  const ends = [
    ...good.map((rest) => restText(rest, false)),
    ...bad.map((rest) => restText(rest, true)),
  ];
  return ends.length === 0 ? words.value.saga.noneFound : ends.join(" · ");
}

function Names({ types }: { readonly types: readonly string[] }) {
  const { open } = words.value;
  return (
    <p class="mono names">
      {types
        .slice(0, 2 * SHOWN_MAX)
        .map(shortType)
        .join(", ")}
      {types.length > 2 * SHOWN_MAX && `, ${open.more(types.length - 2 * SHOWN_MAX)}`}
    </p>
  );
}

function Doubts({ outlook: { ahead, ifRetried, doubts } }: { readonly outlook: Told }) {
  const { saga: w } = words.value;
  const cut = [ahead, ifRetried].find((one) => one?.complete === false);
  const lines = [
    ...doubts.map((doubt) => visible(w.doubt(doubt))),
    ...(cut === undefined ? [] : [w.unfinished(cut.states)]),
  ];
  if (lines.length === 0) return null;
  return (
    <>
      <h3>{w.notCertain}</h3>
      <ul class="soft">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
