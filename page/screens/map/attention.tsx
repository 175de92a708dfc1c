import type { MapNode } from "../../../src/console/wire.ts";
import { live } from "../../net/live.ts";
import { hrefOf } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { narrow } from "../../ui/narrow.ts";
import { VERDICTS } from "../../ui/tones.ts";
import { words } from "../../words/words.ts";
import { liveOfNode, troubles } from "./state.ts";

const SHOWN_MAX = 8;
/** The map is to be in sight below. */
const NARROW_SHOWN_MAX = 4;

/**
 * Where a person is needed, in one line: each leads to the sagas that it is about.
 *
 * @param nodes undefined as long as the map is not there: a link would be gone when it is
 */
export function Attention({ nodes }: { readonly nodes: readonly MapNode[] | undefined }) {
  const { map, verdicts, shell } = words.value;
  const { totals, failures = [] } = live.value;
  if (totals === undefined || nodes === undefined) return <p class="attention" />;
  const places = nodes
    .filter(({ kind }) => kind === "service")
    .flatMap((node) =>
      troubles(liveOfNode(node)?.waiting).map((trouble) => ({ ...trouble, at: node.id })),
    );
  const placed = (verdict: string) => places.some((one) => one.verdict === verdict);
  // A saga may be at no place that is shown, such as an illegal one that has ended.
  const elsewhere = troubles(totals).filter(({ verdict }) => !placed(verdict));
  const all = [...elsewhere.map((one) => ({ ...one, at: undefined })), ...places].sort(
    (a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict),
  );
  const ended = failures.length > 0;
  const asleep = nodes.filter(
    (node) => node.kind === "service" && liveOfNode(node)?.notRunning === "awaited",
  );
  if (all.length + asleep.length === 0 && !ended)
    return (
      <p class="attention good">
        <span aria-hidden="true">✓ </span>
        {map.allWell}
      </p>
    );
  const most = narrow.value ? NARROW_SHOWN_MAX : SHOWN_MAX;
  const shown = Math.max(1, most - asleep.length);
  return (
    <div class="attention">
      <h2>{map.needsHelp}</h2>
      <ul>
        {ended && (
          <li>
            <a class="chip bad" href={hrefOf("dev")}>
              {shell.ended}
            </a>
          </li>
        )}
        {asleep.slice(0, most).map(({ id }) => (
          <li key={id}>
            <a class="chip wait" href={hrefOf("services", id)}>
              <b>{visible(id)}</b> {words.value.services.notRunning}
            </a>
          </li>
        ))}
        {all.slice(0, shown).map(({ verdict, count, tone, at }) => (
          <li key={`${verdict} ${at}`}>
            <a class={`chip ${tone}`} href={hrefOf("sagas", undefined, { verdict, at })}>
              {at !== undefined && <b>{visible(at)}</b>} {map.waiting(count, verdicts[verdict])}
            </a>
          </li>
        ))}
      </ul>
      {all.length > shown && (
        <a href={hrefOf("sagas")}>{words.value.open.more(all.length - shown)}</a>
      )}
    </div>
  );
}
