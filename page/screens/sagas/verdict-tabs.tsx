import type { VerdictCounts } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { numberText } from "../../text/number.ts";
import { toneOf, VERDICTS } from "../../ui/tones.ts";
import { words } from "../../words/words.ts";

/** How many sagas have each verdict; each is also a filter. */
export function VerdictTabs({
  totals = {},
  chosen,
}: {
  readonly totals: VerdictCounts | undefined;
  readonly chosen: string | undefined;
}) {
  const { sagas: w, verdicts, meanings } = words.value;
  const { query } = route.value;
  const all = Object.values(totals).reduce((sum, count) => sum + count, 0);
  const link = (verdict: string | undefined) => hrefOf("sagas", undefined, { ...query, verdict });
  const shown = VERDICTS.filter((one) => (totals[one] ?? 0) > 0 || chosen === one);
  return (
    <nav class="tabs verdicts" aria-label={w.verdict}>
      <a href={link(undefined)} aria-current={chosen === undefined ? "true" : undefined}>
        {w.all} <b>{numberText(all)}</b>
      </a>
      {shown.map((one) => (
        <a
          key={one}
          class={toneOf(one)}
          href={link(one)}
          title={meanings[one]}
          aria-current={chosen === one ? "true" : undefined}
        >
          {verdicts[one]} <b>{numberText(totals[one] ?? 0)}</b>
        </a>
      ))}
    </nav>
  );
}
