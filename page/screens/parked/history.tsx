import { useState } from "preact/hooks";
import type { Action } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { useResource } from "../../net/use-resource.ts";
import { hrefOf } from "../../route.ts";
import { exactTime, timeText } from "../../text/time.ts";
import { visible } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

/** Lines at first, and more with each click. */
const SHOWN_FIRST = 12;
const SHOWN_MORE = 100;

/** What people have done here, the last first. */
export function History() {
  const { parked: w, open } = words.value;
  const [shown, setShown] = useState(SHOWN_FIRST);
  const asked = useResource("actions", (signal) => api.actions(signal));
  return (
    <section class="history" aria-labelledby="history">
      <h2 id="history">{w.done}</h2>
      <Shown asked={asked}>
        {({ actions }) => (
          <>
            {actions.length === 0 && <p class="soft">{w.nothingDone}</p>}
            <ul>
              {actions.slice(0, shown).map((action) => (
                <ActionLine key={`${action.at} ${action.id}`} action={action} />
              ))}
            </ul>
            {actions.length > shown && (
              <button
                type="button"
                class="button plain"
                onClick={() => setShown(shown + SHOWN_MORE)}
              >
                {open.more(actions.length - shown)}
              </button>
            )}
          </>
        )}
      </Shown>
    </section>
  );
}

/** One action, and what has become of it. On the page of its saga, the saga is known. */
export function ActionLine({
  action: { at, action, id, sagaId, reason, failed, parkedAgain = false },
  named = true,
}: {
  readonly action: Action;
  readonly named?: boolean;
}) {
  const { act } = words.value;
  return (
    <li>
      <time class="soft" title={exactTime(at)}>
        {timeText(at)}
      </time>{" "}
      {act[action]} <Id text={id} />{" "}
      {named && sagaId !== undefined && (
        <a href={hrefOf("sagas", sagaId)}>
          <Id text={sagaId} />
        </a>
      )}{" "}
      {reason !== undefined && <q>{visible(reason)}</q>}{" "}
      {failed !== undefined ? (
        <span class="bad">
          {act.wasNotDone} <code>{visible(failed)}</code>
        </span>
      ) : (
        <span class={parkedAgain ? "bad" : "good"}>
          {parkedAgain ? act.parkedAgain : act.wasDone[action]}
        </span>
      )}
    </li>
  );
}
