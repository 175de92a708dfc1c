import { useState } from "preact/hooks";
import type { Chosen } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { noteJob } from "../../net/live.ts";
import { Problem } from "../../net/problem.ts";
import { useResource } from "../../net/use-resource.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Failed, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { Consequence } from "./consequence.tsx";

export type Action = "retry" | "discard";

const RATE = 10;
const RATE_LEAST = 0.1;
const RATE_MOST = 1_000;

/** Shows what an action would do, and does it as a job. */
export function ActDialog({
  action,
  chosen,
  count,
  onClose,
}: {
  readonly action: Action;
  readonly chosen: Chosen;
  readonly count: number;
  readonly onClose: () => void;
}) {
  const { act } = words.value;
  const preview = useResource(
    JSON.stringify([action, chosen]),
    () => api.preview({ action, ...chosen }),
    "once",
  );
  const [perSecond, setPerSecond] = useState(RATE);
  const [ramp, setRamp] = useState(true);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [sent, setSent] = useState(false);
  const start = async () => {
    setSent(true);
    try {
      noteJob(
        await (action === "retry"
          ? api.retry({ ...chosen, perSecond, ramp })
          : api.discard({ ...chosen, reason: reason.trim() })),
      );
      onClose();
    } catch (error) {
      setProblem(Problem.from(error));
      setSent(false);
    }
  };
  const ready = action === "retry" || reason.trim() !== "";
  const title = action === "retry" ? act.retryTitle : act.discardTitle;
  return (
    <Dialog title={title(preview.value?.deliveries ?? count)} onClose={onClose}>
      <form
        class="act"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !sent) start();
        }}
      >
        <section aria-labelledby="follows">
          <h3 id="follows">{act.follows}</h3>
          <Shown asked={preview}>{(reply) => <Consequence preview={reply} />}</Shown>
        </section>
        {action === "retry" ? (
          <>
            <label class="line">
              {act.rate}
              <input
                class="field rate"
                type="number"
                min={RATE_LEAST}
                max={RATE_MOST}
                step="any"
                required
                value={perSecond}
                onInput={({ currentTarget }) => setPerSecond(currentTarget.valueAsNumber)}
              />
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={ramp}
                onChange={({ currentTarget }) => setRamp(currentTarget.checked)}
              />
              {act.ramp}
            </label>
          </>
        ) : (
          <label class="stacked">
            {act.reason}
            <textarea
              class="field"
              rows={2}
              required
              value={reason}
              aria-describedby="reason-more"
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
            <span id="reason-more" class="soft">
              {act.reasonMore}
            </span>
          </label>
        )}
        {problem !== undefined && <Failed problem={problem} title={act.failed} />}
        <footer class="bar">
          <button type="button" class="button end" onClick={onClose}>
            {act.cancel}
          </button>
          <button
            type="submit"
            class={`button ${action === "discard" ? "harm" : "first"}`}
            disabled={!ready || sent}
            title={ready ? undefined : act.needsReason}
          >
            {action === "retry" ? act.startRetry : act.startDiscard}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
