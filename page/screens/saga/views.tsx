import type { SagaReply } from "../../../src/console/wire.ts";
import { hrefOf, route } from "../../route.ts";
import { words } from "../../words/words.ts";
import { Causes } from "./causes.tsx";
import { Data } from "./data.tsx";
import { StepSequence } from "./step-sequence.tsx";
import { Timeline } from "./timeline.tsx";

const VIEWS = { sequence: StepSequence, causes: Causes, timeline: Timeline, data: Data } as const;
type View = keyof typeof VIEWS;
const NAMES: readonly View[] = ["sequence", "causes", "timeline", "data"];

export interface ViewProps {
  readonly reply: SagaReply;
  /** The last step that is known can be seen. */
  readonly onEnd: () => void;
}

/** What has been, in four ways. */
export function Views(props: ViewProps) {
  const { query, open } = route.value;
  const { saga: w } = words.value;
  const shown = NAMES.find((one) => one === query.view) ?? "sequence";
  const View = VIEWS[shown];
  return (
    <section class="views">
      <nav class="tabs" aria-label={w.viewsLabel}>
        {NAMES.map((one) => (
          <a
            key={one}
            href={hrefOf("sagas", open, { ...query, view: one })}
            aria-current={one === shown ? "true" : undefined}
          >
            {w.views[one]}
          </a>
        ))}
      </nav>
      <View {...props} />
    </section>
  );
}
