import { allows } from "../../net/about.ts";
import { words } from "../../words/words.ts";
import type { Intent } from "./intent.ts";

/** Opens what an action would do; says what is missing where it is not allowed. */
export function ActButton({
  action,
  onAct,
  text,
  focus,
}: {
  readonly action: Intent["action"];
  readonly onAct: () => void;
  readonly text?: string;
  readonly focus?: 0 | -1;
}) {
  const { parked } = words.value;
  // Both have a service hear an event again.
  const permission = action === "republish" ? "retry" : action;
  const allowed = allows(permission);
  return (
    <button
      type="button"
      class="button"
      disabled={!allowed}
      title={allowed ? undefined : parked.noPermission(permission)}
      tabIndex={focus}
      onClick={onAct}
    >
      {text ?? parked[action]}
    </button>
  );
}
