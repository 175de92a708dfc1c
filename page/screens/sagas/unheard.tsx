import { words } from "../../words/words.ts";
import { ActButton } from "../parked/act-button.tsx";
import type { Intent } from "../parked/intent.ts";
import type { SagaFilter } from "./filter.ts";

/** Publishes again what services never got, of all sagas that the filter has. */
export function UnheardActs({
  filter: { verdict: _, ...filter },
  count,
  onAct,
}: {
  readonly filter: SagaFilter;
  /** How many are listed so far. */
  readonly count: number;
  readonly onAct: (intent: Intent) => void;
}) {
  const { sagas: w } = words.value;
  return (
    <div class="bar">
      <span class="acts">
        <ActButton
          action="republish"
          onAct={() => onAct({ action: "republish", chosen: { filter }, count })}
          text={w.republishAll}
        />
      </span>
    </div>
  );
}
