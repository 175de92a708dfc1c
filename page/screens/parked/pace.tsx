import { words } from "../../words/words.ts";

const RATE_LEAST = 0.1;
const RATE_MOST = 1_000;

/** How fast a job goes. */
export interface Pace {
  readonly perSecond: number;
  readonly ramp: boolean;
}

export const STANDARD_PACE: Pace = { perSecond: 10, ramp: true };

export function PaceFields({
  label,
  onChange,
}: {
  readonly label: string;
  /** Takes what was changed. */
  readonly onChange: (changed: Partial<Pace>) => void;
}) {
  const { act } = words.value;
  return (
    <>
      <label class="line">
        {label}
        <input
          class="field rate"
          type="number"
          min={RATE_LEAST}
          max={RATE_MOST}
          step="any"
          required
          // What is half typed, such as "0.", stays as it is until it is a number.
          defaultValue={String(STANDARD_PACE.perSecond)}
          onInput={({ currentTarget }) => onChange({ perSecond: currentTarget.valueAsNumber })}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          defaultChecked={STANDARD_PACE.ramp}
          onChange={({ currentTarget }) => onChange({ ramp: currentTarget.checked })}
        />
        {act.ramp}
      </label>
    </>
  );
}
