import { useEffect } from "preact/hooks";
import { about } from "../../net/about.ts";
import { api } from "../../net/api.ts";
import { live } from "../../net/live.ts";
import { useResource } from "../../net/use-resource.ts";
import { Empty, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { Begin } from "./begin.tsx";
import { Faults } from "./faults.tsx";

/** Plays with services that run beside the page. */
export function DevScreen() {
  const { dev: w, screens } = words.value;
  if (about.value?.dev === false) return <Empty title={w.off} />;
  return (
    <>
      <h1 class="hidden">{screens.dev}</h1>
      <Play />
    </>
  );
}

function Play() {
  const { dev: w } = words.value;
  const asked = useResource("dev", (signal) => api.dev(signal));
  const { reload } = asked;
  const { failures = [] } = live.value;
  const running = failures.length === 0;
  useEffect(() => {
    // What was asked while they had ended was refused.
    if (running) reload();
  }, [running]);
  // Why there is nothing to play with stands above every screen.
  if (!running && asked.value === undefined) return null;
  return (
    <Shown asked={running ? asked : { ...asked, problem: undefined }}>
      {({ forms, faults, places, points, begun }) => (
        <div class="dev-play">
          <section aria-labelledby="dev-begin">
            <h2 id="dev-begin">{w.begin}</h2>
            <Begin forms={forms} begun={begun} running={running} onBegin={reload} />
          </section>
          <section aria-labelledby="dev-faults">
            <h2 id="dev-faults">{w.faults}</h2>
            <Faults faults={faults} places={places} points={points} onChange={reload} />
          </section>
        </div>
      )}
    </Shown>
  );
}
