import { useState } from "preact/hooks";
import type { OpenDelivery, RestsAt, SagaReply, Step } from "../../../src/console/wire.ts";
import { hrefOf } from "../../route.ts";
import { now } from "../../text/time.ts";
import { shortType, visible } from "../../text/visible.ts";
import { openText, placeText } from "../../ui/open-text.ts";
import { restsParts } from "../../ui/rests-text.ts";
import { words } from "../../words/words.ts";
import { ActButton } from "../parked/act-button.tsx";
import { ActDialog } from "../parked/act-dialog.tsx";
import { ActionLine } from "../parked/history.tsx";
import type { Intent } from "../parked/intent.ts";
import { Missed } from "./missed.tsx";
import { didText } from "./step-text.ts";
import { turningIn } from "./turning.ts";

const SHOWN_MAX = 8;

/** Why the saga stands where it does. */
export function Why({ reply: { saga, why, steps, actions } }: { readonly reply: SagaReply }) {
  const { saga: w, open } = words.value;
  const [acting, setActing] = useState<Intent>();
  const { verdict, rests, unread = [] } = saga;
  const stuck = verdict === "stuck";
  return (
    <section aria-labelledby="why">
      <h2 id="why">{w.why}</h2>
      {unread.length > 0 && <p class="bad">{w.unread(unread.map(visible).join(", "))}</p>}
      {stuck && <p>{w.stuckWhy}</p>}
      {rests !== undefined && <RestsHere rests={rests} />}
      {verdict === "undone" && <TurnedBack steps={steps} end={saga.end} />}
      {!stuck && why.length === 0 && unread.length === 0 && <p>{w.nothingOpen}</p>}
      <ul class="why">
        {why.slice(0, SHOWN_MAX).map((one) => (
          <li key={`${one.service} ${one.reaction} ${one.type} ${one.id ?? one.since}`}>
            <OpenLine open={one} />
            {one.missed !== undefined && (
              <Missed
                saga={saga.id}
                type={one.type}
                missed={one.missed}
                onAct={() => setActing(republished(saga.id, one))}
              />
            )}
            {one.state === "parked" && one.id !== undefined && (
              <span class="acts">
                <ActButton action="retry" onAct={() => setActing(acted("retry", one))} />
                <ActButton action="discard" onAct={() => setActing(acted("discard", one))} />
              </span>
            )}
          </li>
        ))}
        {why.length > SHOWN_MAX && <li class="soft">{open.more(why.length - SHOWN_MAX)}</li>}
      </ul>
      {actions.length > 0 && (
        <>
          <h3>{w.actions}</h3>
          <ul class="history">
            {actions.slice(0, SHOWN_MAX).map((action) => (
              <ActionLine key={`${action.at} ${action.id}`} action={action} named={false} />
            ))}
            {actions.length > SHOWN_MAX && (
              <li class="soft">{open.more(actions.length - SHOWN_MAX)}</li>
            )}
          </ul>
        </>
      )}
      {acting !== undefined && <ActDialog intent={acting} onClose={() => setActing(undefined)} />}
    </section>
  );
}

/** The steps that made it turn back. */
function TurnedBack({
  steps,
  end,
}: {
  readonly steps: readonly Step[];
  readonly end: string | undefined;
}) {
  const { saga: w } = words.value;
  return turningIn(steps, end)
    .slice(0, SHOWN_MAX)
    .map((step) => {
      const { n, service, heard } = step;
      const event = heard === undefined ? "" : shortType(heard);
      const emitted = step.emitted.map(({ type }) => shortType(type)).join(", ");
      return (
        <p key={n}>
          {w.turnedBack(visible(service), event, `${didText(step)}${emitted && ` → ${emitted}`}`)}
        </p>
      );
    });
}

/** Where it came to rest, with the way to this place on the map. */
function RestsHere({ rests }: { readonly rests: RestsAt }) {
  const { saga: w, proof } = words.value;
  const { service, emitted = [] } = rests;
  return (
    <>
      <p class="bad">
        {w.restsHere(...restsParts(rests, now.value))}{" "}
        <a href={hrefOf("map", `node:${service}`)}>{proof.onMap}</a>
      </p>
      {emitted.length > 0 && <p class="soft">{w.wentNowhere(emitted.map(shortType).join(", "))}</p>}
    </>
  );
}

function republished(saga: string, { missed }: OpenDelivery): Intent {
  const chosen = { saga, ...(missed && { event: missed.event }) };
  return { action: "republish", chosen, count: 1 };
}

function acted(action: "retry" | "discard", { id = "" }: OpenDelivery): Intent {
  return { action, chosen: { ids: [id] }, count: 1 };
}

function OpenLine({ open }: { readonly open: OpenDelivery }) {
  const place = placeText(open);
  const bad = open.state === "parked" || open.state === "unheard";
  return (
    <>
      <p class={bad ? "bad" : ""}>{openText(open, now.value)}</p>
      {place !== undefined && <p class="soft">{place}</p>}
      {open.problem !== undefined && (
        <p class="mono problem">{visible(`${open.problem.code}: ${open.problem.message}`)}</p>
      )}
    </>
  );
}
