import { Empty } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

/** No saga is listed: said apart from "none matches" is whether one may have been forgotten. */
export function Nothing({
  forgets,
  filtered,
}: {
  readonly forgets: boolean;
  readonly filtered: boolean;
}) {
  const { sagas: w } = words.value;
  return <Empty title={filtered ? w.none : w.noneYet}>{forgets ? w.forgets : w.keeps}</Empty>;
}
