import type { OpenDelivery } from "../../../src/console/wire.ts";
import { visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";
import { ActButton } from "../parked/act-button.tsx";

interface MissedProps {
  readonly saga: string;
  readonly onAct: () => void;
  readonly type: string;
  readonly missed: NonNullable<OpenDelivery["missed"]>;
}

/** Publishes an event again that a service never got; without its payload, says how. */
export function Missed({ saga, type, missed: { kept }, onAct }: MissedProps) {
  const { open } = words.value;
  if (!kept)
    return (
      <p class="soft">
        {open.notKept}{" "}
        <code>{visible(`odori republish ${saga} --event ${type} --payload <json>`)}</code>
      </p>
    );
  return (
    <span class="acts">
      <ActButton action="republish" onAct={onAct} />
    </span>
  );
}
