import { useState } from "preact/hooks";
import type { OpenDelivery } from "../../../src/console/wire.ts";
import { allows } from "../../net/about.ts";
import { api } from "../../net/api.ts";
import { Problem } from "../../net/problem.ts";
import { visible } from "../../text/visible.ts";
import { Failed } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

interface MissedProps {
  readonly saga: string;
  readonly type: string;
  readonly missed: NonNullable<OpenDelivery["missed"]>;
}

/** Publishes an event again that a service never got; without its payload, says how. */
export function Missed({ saga, type, missed: { event, kept } }: MissedProps) {
  const { saga: w, open, parked } = words.value;
  const [asked, setAsked] = useState<"no" | "asked" | "done" | Problem>("no");
  if (!kept)
    return (
      <p class="soft">
        {open.notKept}{" "}
        <code>{visible(`odori republish ${saga} --event ${type} --payload <json>`)}</code>
      </p>
    );
  const publish = async () => {
    setAsked("asked");
    try {
      await api.republish(saga, { event });
      setAsked("done");
    } catch (error) {
      setAsked(Problem.from(error));
    }
  };
  const allowed = allows("retry");
  return (
    <>
      <span class="acts">
        <button
          type="button"
          class="button"
          disabled={!allowed || asked === "asked" || asked === "done"}
          title={allowed ? undefined : parked.noPermission("retry")}
          onClick={publish}
        >
          {w.republish}
        </button>
      </span>
      <p class="soft" role="status">
        {asked === "done" ? w.republished : ""}
      </p>
      {asked instanceof Problem && <Failed problem={asked} />}
    </>
  );
}
