import { ends, visible } from "../text/visible.ts";
import { narrow } from "./narrow.ts";

/** As many letters of an id as there is room for beside the other cells of a narrow row. */
const NARROW_LETTERS = 21;

/** A name or an id from outside, as text; letters that run to the left leave its neighbours alone. */
export function Id({
  text,
  class: name = "",
  listed = false,
}: {
  readonly text: string;
  readonly class?: string;
  /** In a row, which has no room for a long one: there its ends are shown. */
  readonly listed?: boolean;
}) {
  const whole = visible(text);
  const shown = listed && narrow.value ? ends(whole, NARROW_LETTERS) : whole;
  return (
    <bdi class={`id ${name}`} title={whole}>
      {shown}
    </bdi>
  );
}
