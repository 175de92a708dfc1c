import { Empty } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

/**
 * No saga is listed: said apart from "none matches" is whether one may have been forgotten. Sagas
 * that have come may be of another verdict, or elsewhere.
 */
export function Nothing({
  forgets,
  filtered,
  named,
}: {
  readonly forgets: boolean;
  readonly filtered: boolean;
  /** Whether an id or a correlation id is all that is asked for. */
  readonly named: boolean;
}) {
  const { sagas: w } = words.value;
  const isAbsent = !filtered || named;
  return (
    <Empty title={filtered ? w.none : w.noneYet}>
      {forgets ? w.forgets : isAbsent ? w.keeps : null}
    </Empty>
  );
}
