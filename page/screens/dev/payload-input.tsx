import { visible } from "../../text/visible.ts";
import type { PayloadField } from "./payload-form.ts";

/** The input of one field. */
export function PayloadInput({
  field: { name, kind, required, choices },
  value,
  onChange,
}: {
  readonly field: PayloadField;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const label = `${visible(name)}${required ? "" : " ?"}`;
  if (kind === "yes or no")
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={value === "true"}
          onChange={({ currentTarget }) => onChange(`${currentTarget.checked}`)}
        />
        {label}
      </label>
    );
  if (kind === "choice")
    return (
      <label class="stacked">
        {label}
        <select
          class="field"
          value={value}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        >
          {(required ? choices : ["", ...choices]).map((one) => (
            <option key={one} value={one}>
              {visible(one)}
            </option>
          ))}
        </select>
      </label>
    );
  return (
    <label class="stacked">
      {label}
      <input
        class={`field ${kind === "json" ? "mono" : ""}`}
        type="text"
        inputMode={kind === "number" ? "decimal" : "text"}
        value={value}
        required={required}
        placeholder={kind === "json" ? "{ }" : undefined}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  );
}
