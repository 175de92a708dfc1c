import type { Payload } from "../../src/console/wire.ts";
import { jsonLines } from "../text/json.ts";
import { visible, visibleLines } from "../text/visible.ts";
import { words } from "../words/words.ts";

/** A payload as text, with what of it is hidden. */
export function PayloadText({ payload }: { readonly payload: Payload }) {
  const { saga: w } = words.value;
  const { text, masked, cut } = payload;
  return (
    <>
      <pre class="payload" role="region" tabIndex={0} aria-label={w.payload}>
        {visibleLines(jsonLines(text))}
      </pre>
      {masked.length > 0 && <p class="soft">{w.masked(masked.map(visible).join(", "))}</p>}
      {cut && <p class="wait">{w.cutPayload}</p>}
    </>
  );
}
