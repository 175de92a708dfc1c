import { words } from "../../words/words.ts";

/** What the colours of the arrows mean. */
export function Legend({ back }: { readonly back: boolean }) {
  const { map: w } = words.value;
  return (
    <ul class="legend end">
      <li class="moving">{w.moving}</li>
      <li class="wait">{w.late}</li>
      <li class="bad">{w.bad}</li>
      {back && <li class="back">{w.wayBack}</li>}
    </ul>
  );
}
