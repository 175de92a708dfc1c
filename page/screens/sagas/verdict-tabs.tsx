import type { VerdictCounts } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { numberText } from "../../text/number.ts";
import { toneOf, VERDICTS } from "../../ui/tones.ts";
import { words } from "../../words/words.ts";

/**
 * Each verdict as a filter, with how many sagas have it. They are counted over all sagas: beside
 * another filter no number stands.
 */
export function VerdictTabs({
  totals = {},
  chosen,
}: {
  readonly totals: VerdictCounts | undefined;
  readonly chosen: string | undefined;
}) {
  const { sagas: w, verdicts, meanings } = words.value;
  const { query } = route.value;
  const { verdict: _, ...others } = query;
  const isCounted = Object.values(others).every((one) => one === undefined || one === "");
  const count = (n: number) => isCounted && <b>{numberText(n)}</b>;
  const all = Object.values(totals).reduce((sum, count) => sum + count, 0);
  const link = (verdict: string | undefined) => hrefOf("sagas", undefined, { ...query, verdict });
  const shown = VERDICTS.filter((one) => (totals[one] ?? 0) > 0 || chosen === one);
  return (
    <nav class="tabs verdicts" aria-label={w.verdict}>
      <a href={link(undefined)} aria-current={chosen === undefined ? "true" : undefined}>
        {w.all} {count(all)}
      </a>
      {shown.map((one) => (
        <a
          key={one}
          class={toneOf(one)}
          href={link(one)}
          title={meanings[one]}
          aria-current={chosen === one ? "true" : undefined}
        >
          {verdicts[one]} {count(totals[one] ?? 0)}
        </a>
      ))}
    </nav>
  );
}
