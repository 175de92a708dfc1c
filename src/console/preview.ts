import type { Outlook } from "../check/from-here/from-here.ts";
import type { Ahead } from "../check/from-here/look-ahead.ts";
import { oneEventPerLineage } from "../manifest/lineage.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import { chosenIn } from "./chosen.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn } from "./fields.ts";
import { queryInvalid } from "./refusal.ts";
import type { PreviewReply, Rest, Verdict } from "./wire.ts";

/** Sagas that are looked into. */
const LOOKED_MAX = 200;
/** For all of them together. */
const MILLISECONDS_MAX = 2_000;
const EACH = { statesMax: 2_000, millisecondsMax: 50 };

/** Says what an action would do to the sagas of the chosen deliveries. Changes nothing. */
export async function preview(
  desk: Desk,
  body: unknown,
  signal: AbortSignal,
): Promise<PreviewReply> {
  const fields = fieldsIn(body, ["action", "ids", "filter"]);
  const { action } = fields;
  if (action !== "retry" && action !== "discard") throw queryInvalid("action is retry or discard.");
  const chosen = chosenIn(desk, fields);
  const sagas = [...new Set(chosen.map(({ sagaId }) => sagaId))].filter((id) => id !== "");
  const tally = new Tally();
  const { manifest } = desk;
  if (manifest !== undefined && sagas.length > 0) {
    const { succeeds } = oneEventPerLineage(manifest);
    // Its verdicts are not asked for.
    const foresee = () => undefined;
    const { parts } = await desk.observer.judge(sagas.slice(0, LOOKED_MAX), { foresee });
    const until = performance.now() + MILLISECONDS_MAX;
    for (const own of parts.values()) {
      if (performance.now() > until) break;
      const { outlook } = await desk.foresee(own, { signal, limits: EACH });
      if (outlook !== undefined) tally.add(action, own, outlook, succeeds);
    }
  }
  const services = new Set(chosen.map(({ service }) => service));
  const away = desk.observer.away.filter(({ service }) => services.has(service));
  return {
    ...{ action, deliveries: chosen.length, sagas: sagas.length, ...tally.result() },
    ...(away.length > 0 && { unread: away.map(({ service }) => service) }),
  };
}

/** Counts what would become of several sagas. */
class Tally {
  readonly #ends = new Map<string, number>();
  readonly #become = new Map<Verdict, number>();
  readonly #staysDone = new Map<string, number>();
  readonly #violations = new Map<string, { message: string; sagas: number }>();
  #looked = 0;
  #complete = true;

  add(
    action: "retry" | "discard",
    parts: readonly ServiceHistory[],
    outlook: Outlook,
    succeeds: readonly string[],
  ): void {
    this.#looked++;
    const after = (action === "retry" ? outlook.ifRetried : outlook.ifDiscarded) ?? outlook.ahead;
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
    else if (outlook.endsKnown) increase(this.#become, becomes(after));
    if (action === "discard" && after.good.every((rest) => rest !== "success"))
      for (const effect of doneIn(parts, succeeds)) increase(this.#staysDone, effect);
  }

  result(): Omit<PreviewReply, "action" | "deliveries" | "sagas" | "unread"> {
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
