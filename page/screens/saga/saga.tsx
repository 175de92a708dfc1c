import { useRef } from "preact/hooks";
import type { SagaReply } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { useResource } from "../../net/use-resource.ts";
import { hrefOf, route } from "../../route.ts";
import { exactTime, timeText } from "../../text/time.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Id } from "../../ui/id.tsx";
import { Empty, Shown } from "../../ui/shown.tsx";
import { VerdictMark } from "../../ui/verdict.tsx";
import { words } from "../../words/words.ts";
import { Outlook } from "./outlook.tsx";
import { Views } from "./views.tsx";
import { Why } from "./why.tsx";

const PAGE_STEPS = 2_000;

/** One saga: why it stands where it does, what may follow, and what has been. */
export function SagaScreen() {
  const { open: id = "", list } = route.value;
  const pages = useRef(1);
  const asked = useResource(`saga ${id}`, async (signal) => {
    const limit = String(PAGE_STEPS);
    const first = await api.saga(id, { limit }, signal);
    const steps = [...first.steps];
    for (let page = 1; page < pages.current && steps.length < first.stepsRead; page++) {
      const from = String(page * PAGE_STEPS);
      steps.push(...(await api.saga(id, { from, limit }, signal)).steps);
    }
    return { ...first, steps };
  });
  const { saga: w, screens } = words.value;
  const { value, asking, problem, reload } = asked;
  const more = () => {
    if (value === undefined || asking || value.steps.length >= value.stepsRead) return;
    if (value.steps.length < pages.current * PAGE_STEPS) return;
    pages.current++;
    reload();
  };
  return (
    <>
      <p class="crumb">
        <a href={list ?? hrefOf("sagas")}>← {list === undefined ? w.back : w.backToList}</a>
      </p>
      {problem?.code === "SAGA_UNKNOWN" ? (
        <>
          <h1>
            <span class="hidden">{screens.sagas}</span> <Id text={id} />
          </h1>
          <Empty title={w.unknown}>{w.expired}</Empty>
        </>
      ) : (
        <Shown asked={asked}>
          {(reply) => (
            <>
              <Head reply={reply} />
              <div class="insight">
                <Why reply={reply} />
                <Outlook reply={reply} />
              </div>
              <Views reply={reply} onEnd={more} />
            </>
          )}
        </Shown>
      )}
    </>
  );
}

function Head({ reply: { saga, stepsRead, stepsTotal } }: { readonly reply: SagaReply }) {
  const { saga: w, meanings } = words.value;
  const { id, verdict, began, last, correlationId, steps } = saga;
  return (
    <header class="saga-head">
      <div class="saga-title">
        <h1>
          <Id text={id} /> <VerdictMark of={verdict} />
        </h1>
        <CopyButton text={id} />
      </div>
      <p class="meaning">{meanings[verdict]}</p>
      <p class="soft">
        {w.began} <time title={exactTime(began)}>{timeText(began)}</time>
        {" · "}
        {w.last} <time title={exactTime(last)}>{timeText(last)}</time>
        {" · "}
        {w.steps(steps)}
        {correlationId !== undefined && (
          <>
            {" · "}
            {w.correlation}{" "}
            <a href={hrefOf("sagas", undefined, { correlation: correlationId })}>
              <Id text={correlationId} />
            </a>
          </>
        )}
      </p>
      {stepsRead < stepsTotal && <p class="notice">{w.cut(stepsRead, stepsTotal)}</p>}
    </header>
  );
}
