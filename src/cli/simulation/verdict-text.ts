import { relative } from "node:path";
import { quote } from "../../contract/grammar.ts";
import { counterexample } from "../../simulate/counterexample.ts";
import { foundLines } from "../../simulate/simulation-error.ts";
import type { LeftOut } from "../../simulate/systematic.ts";
import type { Leak } from "../../simulate/tripwire.ts";
import { WAYS_TRIED } from "../../simulate/ways-tried.ts";
import { paint, print } from "../output.ts";
import type { SimulationVerdict, WrongRun } from "./session.ts";

const LEFT_OUT: Readonly<Record<LeftOut, string>> = {
  time: "Not every run was made: the time was up.",
  ways:
    `Not every run was made: of a decision with more than ${WAYS_TRIED} ways, such as a large ` +
    `number, the first ${WAYS_TRIED} were tried. Draw the rest with --seeds.`,
};

/** Whether no run goes wrong, and all that is declared has happened. */
export function isRight({ wrong, never }: SimulationVerdict): boolean {
  return wrong === undefined && never.length === 0;
}

/** Prints what the runs have come to. */
export function showVerdict(verdict: SimulationVerdict, module: string): void {
  const { wrong, never, runs, leaks, interrupted } = verdict;
  const style = paint();
  print(`${verdict.name}: ${verdict.services} services`);
  print();
  if (wrong !== undefined) showWrong(wrong, verdict, module);
  const { lostAt } = verdict;
  if (lostAt !== undefined && wrong?.schedule !== undefined)
    print(style.undo(`! From step ${lostAt + 1} on, the run differs from the recorded saga.`));
  for (const schedule of verdict.outdated)
    print(style.undo(`! The schedule ${quote(schedule)} no longer applies: the code has changed.`));
  for (const { message } of never) print(style.bad(`✗ NEVER  ${message}`));
  if (never.length > 0)
    print("  Let `given` bring it about, make more runs, or accept it with a reason: accepts.");
  for (const [code, count] of verdict.accepted) {
    const many = `${count.toLocaleString("en")} of ${runs.toLocaleString("en")} runs`;
    print(style.undo(`! ${code}  accepted in ${many}: ${verdict.accepts[code]}`));
  }
  for (const leak of leaks) print(style.undo(leakText(leak)));
  if (!isRight(verdict)) return;
  if (verdict.leftOut !== undefined) print(style.undo(`! ${LEFT_OUT[verdict.leftOut]}`));
  const states = `${verdict.states} of ${verdict.foreseen ?? "?"} states of the model`;
  const right = runs === 1 ? "the run is right" : `${runs.toLocaleString("en")} runs are right`;
  const { kept } = verdict;
  const before = kept === 0 ? "" : `, ${kept} of them schedules that failed before`;
  if (interrupted) print(style.undo(`! Interrupted: ${right} so far; ${verdict.states} states`));
  else print(style.good(`✓ ${right}${before}; ${states}`));
}

function showWrong(wrong: WrongRun, { runs, keptIn }: SimulationVerdict, module: string): void {
  const { result, seed, departures, store } = wrong;
  const again = `odori simulate ${module}${store === undefined ? "" : ` --store ${store}`}`;
  if (result === undefined) {
    for (const { code, message } of wrong.findings) print(paint().bad(`✗ ${code}  ${message}`));
    if (seed !== undefined) print(`  Again: ${again} --seed ${seed} --seeds 1`);
    return;
  }
  for (const line of counterexample({ ...result, findings: wrong.findings }, paint())) print(line);
  print();
  if (wrong.schedule === undefined) return;
  const repeat = (schedule: string) => `${again} --replay "${schedule}"`;
  for (const line of foundLines(result, { seed, runs, departures, repeat })) print(line);
  if (keptIn !== undefined) print(`  Kept in ${relative(process.cwd(), keptIn)}.`);
}

function leakText({ what, at, controlled }: Leak): string {
  const place = at.startsWith("/") ? relative(process.cwd(), at) : at;
  return controlled
    ? `! ${what}  ${place}  was answered by the run: take it from the context of the handler`
    : `! ${what}  ${place}  leaves the simulation: stand in for it with standIn()`;
}

/** The verdict for a program. */
export function verdictJson(verdict: SimulationVerdict) {
  const { wrong, never, runs, kept, leaks, outdated, states, foreseen } = verdict;
  return {
    ok: isRight(verdict) && !verdict.interrupted,
    ...{ runs, kept, outdated, states, foreseen: foreseen ?? null },
    findings: [...(wrong?.findings ?? []), ...never],
    leaks,
    accepted: Object.fromEntries(verdict.accepted),
    ...(verdict.interrupted && { interrupted: true }),
    ...(verdict.leftOut !== undefined && { leftOut: verdict.leftOut }),
    ...(verdict.lostAt !== undefined && { lostAt: verdict.lostAt }),
    ...(wrong !== undefined && {
      seed: wrong.seed ?? null,
      departures: wrong.departures,
      ...(wrong.schedule !== undefined && { schedule: wrong.schedule }),
      ...(wrong.result !== undefined && {
        drawn: counterexample({ ...wrong.result, findings: wrong.findings }),
      }),
    }),
  };
}
