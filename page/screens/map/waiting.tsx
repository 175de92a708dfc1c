import type { VerdictCounts } from "../../../src/console/wire.ts";
import { hrefOf } from "../../route.ts";
import { VERDICTS } from "../../ui/tones.ts";
import { VerdictMark } from "../../ui/verdict.tsx";
import { words } from "../../words/words.ts";

/** Who waits, by verdict, each with the way to these sagas. */
export function Waiting({
  counts,
  at,
  event,
}: {
  readonly counts: VerdictCounts | undefined;
  readonly at: string;
  readonly event?: string | undefined;
}) {
  const { map: w } = words.value;
  const own = VERDICTS.filter((verdict) => (counts?.[verdict] ?? 0) > 0);
  if (own.length === 0) return <p class="soft">{w.nobodyWaits}</p>;
  return (
    <>
      <h3>{w.open}</h3>
      <ul class="waiting">
        {own.map((verdict) => (
          <li key={verdict}>
            <VerdictMark of={verdict} /> {counts?.[verdict]}{" "}
            <a href={hrefOf("sagas", undefined, { verdict, at, event })}>{w.showSagas}</a>
          </li>
        ))}
      </ul>
    </>
  );
}
