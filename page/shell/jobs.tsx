import { useState } from "preact/hooks";
import type { Job } from "../../src/console/wire.ts";
import { api } from "../net/api.ts";
import { live } from "../net/live.ts";
import { Problem } from "../net/problem.ts";
import { rateText } from "../text/number.ts";
import { visible } from "../text/visible.ts";
import { words } from "../words/words.ts";

/** The jobs that run, on every screen: a person who starts one may go on meanwhile. */
export function Jobs() {
  const { jobs = [] } = live.value;
  if (jobs.length === 0) return null;
  return (
    <section class="jobs" aria-label={words.value.job.label}>
      {jobs.map((job) => (
        <JobLine key={job.id} job={job} />
      ))}
    </section>
  );
}

function JobLine({ job }: { readonly job: Job }) {
  const { job: w } = words.value;
  const [problem, setProblem] = useState<Problem>();
  const { id, action, state, total, done, failed, parkedAgain, perSecond, problems } = job;
  const why = job.stop === undefined ? w.states[state] : w.stops[job.stop];
  const stop = () => api.stop(id).catch((error) => setProblem(Problem.from(error)));
  const codes = [...new Set(problems.map(({ code }) => code))];
  return (
    <div class="job">
      <span role="status">{w[action](done, total)}</span>
      <progress
        max={Math.max(1, total)}
        value={done + failed}
        aria-label={w[action](done, total)}
      />
      <span class={state === "stopped" ? "bad" : "soft"}>
        {state === "done" && failed > 0 ? w.ended : why}
      </span>
      {state === "running" && <span class="soft">{w.rate(rateText(perSecond))}</span>}
      {failed > 0 && (
        <span class="bad">
          {w.failed(failed)} {codes.map(visible).join(", ")}
        </span>
      )}
      {parkedAgain > 0 && <span class="bad">{w.again(parkedAgain)}</span>}
      {problem !== undefined && <span class="bad">{visible(problem.message)}</span>}
      {state === "running" && (
        <button type="button" class="button harm" onClick={stop}>
          {w.stop}
        </button>
      )}
    </div>
  );
}
