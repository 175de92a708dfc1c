import type { Outlook } from "../check/from-here/from-here.ts";
import type { Ahead } from "../check/from-here/look-ahead.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { PreviewReply, Rest, Verdict } from "./wire.ts";

/** What was found out about the sagas that were looked into. */
export type Looked = Pick<
  PreviewReply,
  "looked" | "ends" | "become" | "staysDone" | "violations" | "complete"
>;

/** Counts what would become of several sagas. */
export class FollowTally {
  readonly #ends = new Map<string, number>();
  readonly #become = new Map<Verdict, number>();
  readonly #staysDone = new Map<string, number>();
  readonly #violations = new Map<string, { message: string; sagas: number }>();
  #looked = 0;
  #complete = true;

  add(
    action: PreviewReply["action"],
    parts: readonly ServiceHistory[],
    outlook: Outlook,
    succeeds: readonly string[],
  ): void {
    this.#looked++;
    const after = afterwards(action, outlook);
    if (!after.complete) this.#complete = false;
    if (outlook.endsKnown) {
      for (const rest of after.good) increase(this.#ends, `${rest}\n`);
      for (const rest of after.bad) increase(this.#ends, `${rest}\nwrongly`);
      for (const { code, message } of after.violations) {
        const known = this.#violations.get(code);
        this.#violations.set(code, {
          message: known?.message ?? message,
          sagas: (known?.sagas ?? 0) + 1,
        });
      }
    }
    if (action === "retry") increase(this.#become, "retrying");
    else if (action === "republish") increase(this.#become, "running");
    else if (outlook.endsKnown) increase(this.#become, becomes(after));
    if (action === "discard" && after.good.every((rest) => rest !== "success"))
      for (const effect of doneIn(parts, succeeds)) increase(this.#staysDone, effect);
  }

  result(): Looked {
    return {
      looked: this.#looked,
      ends: [...this.#ends].map(([key, sagas]) => {
        const [rest, wrongly] = key.split("\n");
        return { rest: restIn(rest), wrongly: wrongly !== "", sagas };
      }),
      become: [...this.#become].map(([verdict, sagas]) => ({ verdict, sagas })),
      staysDone: [...this.#staysDone].map(([effect, sagas]) => ({ effect, sagas })),
      violations: [...this.#violations].map(([code, one]) => ({ code, ...one })),
      complete: this.#complete,
    };
  }
}

/** What is published again is on its way, as an event is that nothing tells to be lost. */
function afterwards(action: PreviewReply["action"], outlook: Outlook): Ahead {
  if (action === "republish") return outlook.ahead;
  return (action === "retry" ? outlook.ifRetried : outlook.ifDiscarded) ?? outlook.ahead;
}

/** Where a saga stands at once, as its verdict would say. */
function becomes({ atRest, good, bad, complete }: Ahead): Verdict {
  if (!atRest) return complete && good.length === 0 ? "doomed" : "running";
  const [rest = bad[0] ?? "no end"] = good;
  if (rest === "no end") return "stuck";
  return rest === "success" ? "succeeded" : "undone";
}

/** Effects that are done, and that no step of the saga has undone. */
function doneIn(parts: readonly ServiceHistory[], ends: readonly string[]): readonly string[] {
  return parts.flatMap(({ service, history }) => {
    const marks = new Map<string, boolean>();
    for (const { effect, disposition, emitted } of history.journal) {
      if (effect === undefined || emitted.some(({ type }) => ends.includes(type))) continue;
      if (disposition === "done") marks.set(effect, true);
      if (disposition === "undone") marks.set(effect, false);
    }
    return [...marks].flatMap(([effect, done]) => (done ? [`${service}: ${effect}`] : []));
  });
}

function restIn(text: string | undefined): Rest {
  return text === "success" || text === "failure" ? text : "no end";
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
