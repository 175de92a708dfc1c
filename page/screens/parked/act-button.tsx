import { allows } from "../../net/about.ts";
import { words } from "../../words/words.ts";
import type { Action } from "./act-dialog.tsx";

/** Opens what an action would do; says what is missing where it is not allowed. */
export function ActButton({
  action,
  onAct,
  text,
  focus,
}: {
  readonly action: Action;
  readonly onAct: () => void;
  readonly text?: string;
  readonly focus?: 0 | -1;
}) {
  const { parked } = words.value;
  const allowed = allows(action);
  return (
    <button
      type="button"
      class="button"
      disabled={!allowed}
      title={allowed ? undefined : parked.noPermission(action)}
      tabIndex={focus}
      onClick={onAct}
    >
      {text ?? parked[action]}
    </button>
  );
}
