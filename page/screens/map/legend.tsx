import { visible } from "../../text/visible.ts";
import { words } from "../../words/words.ts";

/** What the colours of the arrows mean. */
export function Legend({
  back,
  lit,
}: {
  readonly back: boolean;
  /** The finding whose way is lit. */
  readonly lit: string | undefined;
}) {
  const { map: w } = words.value;
  return (
    <ul class="legend end">
      <li class="moving">{w.moving}</li>
      <li class="wait">{w.late}</li>
      <li class="bad">{w.bad}</li>
      {lit !== undefined && <li class="lit">{w.litWay(visible(lit))}</li>}
      {back && <li class="back">{w.wayBack}</li>}
    </ul>
  );
}
