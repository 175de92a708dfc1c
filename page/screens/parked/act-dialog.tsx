import { useState } from "preact/hooks";
import { noteJob } from "../../net/live.ts";
import { Problem } from "../../net/problem.ts";
import { useResource } from "../../net/use-resource.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Failed, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { Consequence } from "./consequence.tsx";
import { beginIntent, type Intent, previewOf } from "./intent.ts";
import { PaceFields, STANDARD_PACE } from "./pace.tsx";

/** Shows what an action would do, and does it as a job. */
export function ActDialog({
  intent,
  onClose,
}: {
  readonly intent: Intent;
  readonly onClose: () => void;
}) {
  const { act } = words.value;
  const { action, chosen } = intent;
  const preview = useResource(JSON.stringify([action, chosen]), () => previewOf(intent), "once");
  const [pace, setPace] = useState(STANDARD_PACE);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [sent, setSent] = useState(false);
  const start = async () => {
    setSent(true);
    try {
      noteJob(await beginIntent(intent, { ...pace, reason: reason.trim() }));
      onClose();
    } catch (error) {
      setProblem(Problem.from(error));
      setSent(false);
    }
  };
  const count = preview.value?.deliveries ?? intent.count;
  const ready = action !== "discard" || reason.trim() !== "";
  return (
    <Dialog title={act.titles[action](count)} onClose={onClose}>
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
        {action === "discard" && <Reason value={reason} onChange={setReason} />}
        {action !== "discard" && count > 1 && (
          <PaceFields
            label={act.rates[action]}
            onChange={(changed) => setPace((before) => ({ ...before, ...changed }))}
          />
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
            {act.starts[action]}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function Reason({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const { act } = words.value;
  return (
    <label class="stacked">
      {act.reason}
      <textarea
        class="field"
        rows={2}
        required
        value={value}
        aria-describedby="reason-more"
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      <span id="reason-more" class="soft">
        {act.reasonMore}
      </span>
    </label>
  );
}
