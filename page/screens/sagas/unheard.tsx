import { useState } from "preact/hooks";
import { words } from "../../words/words.ts";
import { ActButton } from "../parked/act-button.tsx";
import { ActDialog } from "../parked/act-dialog.tsx";
import type { SagaFilter } from "./filter.ts";

/** Publishes again what services never got, of all sagas that the filter has. */
export function UnheardActs({
  filter: { verdict: _, ...filter },
  count,
}: {
  readonly filter: SagaFilter;
  /** How many are listed so far. */
  readonly count: number;
}) {
  const { sagas: w } = words.value;
  const [acting, setActing] = useState(false);
  return (
    <div class="bar">
      <span class="acts">
        <ActButton action="republish" onAct={() => setActing(true)} text={w.republishAll} />
      </span>
      {acting && (
        <ActDialog
          intent={{ action: "republish", chosen: { filter }, count }}
          onClose={() => setActing(false)}
        />
      )}
    </div>
  );
}
