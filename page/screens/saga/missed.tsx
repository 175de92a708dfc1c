import { useState } from "preact/hooks";
import type { OpenDelivery } from "../../../src/console/wire.ts";
import { visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { ActButton } from "../parked/act-button.tsx";
import { ActDialog } from "../parked/act-dialog.tsx";

interface MissedProps {
  readonly saga: string;
  readonly type: string;
  readonly missed: NonNullable<OpenDelivery["missed"]>;
}

/** Publishes an event again that a service never got; without its payload, says how. */
export function Missed({ saga, type, missed: { event, kept } }: MissedProps) {
  const { open } = words.value;
  const [acting, setActing] = useState(false);
  if (!kept)
    return (
      <p class="soft">
        {open.notKept}{" "}
        <code>{visible(`odori republish ${saga} --event ${type} --payload <json>`)}</code>
      </p>
    );
  return (
    <>
      <span class="acts">
        <ActButton action="republish" onAct={() => setActing(true)} />
      </span>
      {acting && (
        <ActDialog
          intent={{ action: "republish", chosen: { saga, event }, count: 1 }}
          onClose={() => setActing(false)}
        />
      )}
    </>
  );
}
