import type { PreviewReply } from "../../../src/console/wire.ts";
import { visible } from "../../text/visible.ts";
import { FindingText } from "../../ui/finding-text.tsx";
import { toneOf } from "../../ui/tones.ts";
import { words } from "../../words/words.ts";
import { restText } from "../saga/rest-text.ts";

/** What would follow from an action, as far as it was looked into. */
export function Consequence({ preview }: { readonly preview: PreviewReply }) {
  const { act, verdicts } = words.value;
  const { sagas, looked, ends, become, staysDone, violations, complete, unread = [] } = preview;
  const { notKept = 0, notRunning = [] } = preview;
  const well = ends.filter(({ wrongly }) => !wrongly);
  const wrong = ends.filter(({ wrongly }) => wrongly);
  return (
    <>
      {unread.length > 0 && <p class="bad">{act.away(unread.map(visible).join(", "))}</p>}
      {notRunning.length > 0 && (
        <p class="wait">{act.notRunning(notRunning.map(visible).join(", "))}</p>
      )}
      {notKept > 0 && <p class="bad">{act.notKept(notKept)}</p>}
      {looked > 0 && <p class="soft">{act.looked(looked, sagas)}</p>}
      {looked === 0 && unread.length + notKept === 0 && <p>{act.notLooked}</p>}
      <ul class="consequences">
        {become.map(({ verdict, sagas: n }) => (
          <li key={verdict} class={toneOf(verdict)}>
            {act.become(n, verdicts[verdict])}
          </li>
        ))}
        {staysDone.map(({ effect, sagas: n }) => (
          <li key={effect}>{act.stays(visible(effect), n)}</li>
        ))}
        {well.length > 0 && <li>{act.ends(endsText(well))}</li>}
        {wrong.length > 0 && <li class="bad">{act.endsWrongly(endsText(wrong))}</li>}
        {violations.map(({ code, message, sagas: n }) => (
          <li key={code} class="bad">
            <FindingText {...{ code, message }} say={(text) => act.violation(text, n)} />
          </li>
        ))}
      </ul>
      {looked > 0 && !complete && <p class="wait">{act.incomplete}</p>}
    </>
  );
}

/** One saga may end in several ways: each is named, with how many may end so. */
function endsText(ends: PreviewReply["ends"]): string {
  const { act } = words.value;
  return ends.map(({ rest, sagas }) => act.end(restText(rest, false), sagas)).join(", ");
}
