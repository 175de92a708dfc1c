import { useState } from "preact/hooks";
import { about, allows } from "../../net/about.ts";
import { api } from "../../net/api.ts";
import { useResource } from "../../net/use-resource.ts";
import { route } from "../../route.ts";
import { Empty, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { ActDialog } from "./act-dialog.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Groups } from "./groups.tsx";
import { History } from "./history.tsx";
import type { Intent } from "./intent.ts";

/** What services have given up on: by cause of failure, and one by one. */
export function ParkedScreen() {
  const { parked: w, screens } = words.value;
  const groups = useResource("groups", (signal) => api.parkedGroups(signal));
  const [intent, setIntent] = useState<Intent>();
  const { service, reaction, code } = route.value.query;
  const readOnly = about.value !== undefined && !allows("retry") && !allows("discard");
  return (
    <>
      <h1 class="hidden">{screens.parked}</h1>
      {readOnly && <p class="soft note-line">{w.readOnly}</p>}
      <Shown asked={groups}>
        {(reply) =>
          reply.total === 0 ? (
            <Empty title={w.none}>{w.noneMore}</Empty>
          ) : (
            <>
              <Groups reply={reply} onAct={setIntent} />
              <Deliveries filter={{ service, reaction, code }} onAct={setIntent} />
            </>
          )
        }
      </Shown>
      <History />
      {intent !== undefined && <ActDialog intent={intent} onClose={() => setIntent(undefined)} />}
    </>
  );
}
