import type { DevEvent, DevStep } from "../../dev/control.ts";
import type { BeginForm } from "../../dev/form.ts";
import type { SagaSummary } from "../../observe/summary.ts";
import type { Paint } from "../../text/paint.ts";
import { printable } from "../../text/printable.ts";
import { shortType } from "../../text/short.ts";
import { table } from "../output.ts";
import { count } from "../report/verdict.ts";
import { restingText } from "../resting-text.ts";

/** An event of the services as a line; undefined where there is nothing to say. */
export function eventLine(event: DevEvent, paint: Paint): string | undefined {
  switch (event.kind) {
    case "ready": {
      const resumed = event.resumed === 0 ? "" : `, ${count(event.resumed, "saga")} resumed`;
      return paint.bold(`Running ${event.services.join(", ")}${resumed}`);
    }
    case "ended": {
      const { sagaId, succeeded } = event;
      const end = succeeded ? paint.good("✓ succeeded") : paint.bad("✗ failed");
      return `${printable(sagaId)}  ${end}`;
    }
    case "failed":
      // Its process has printed it.
      return undefined;
    case "step":
      return isQuiet(event) ? undefined : stepLine(event, paint);
  }
}

/** A duplicate, or a delivery that was only written down. */
function isQuiet({ failure, disposition }: DevStep): boolean {
  return failure === undefined && (disposition === undefined || disposition === "retrying");
}

function stepLine({ sagaId, service, heard, disposition, ...step }: DevStep, paint: Paint): string {
  const what = heard === undefined ? "begins" : shortType(heard);
  const emitted = step.emitted.map(shortType).join(", ");
  const failure = step.failure === undefined ? "" : `  ${paint.bad(printable(step.failure))}`;
  const arrow = emitted === "" ? "" : ` -> ${emitted}`;
  const words = [printable(sagaId), service, what, disposition ?? "failed"].join("  ");
  return `${words}${arrow}${failure}`;
}

/** The forms as a terminal asks for them. */
export function formLines(forms: readonly BeginForm[]): readonly string[] {
  return forms.flatMap(({ type, service, fields }) => [
    `begin ${type} {…}    (${service})`,
    ...table(fields.map(({ name, type, required }) => ["", name, required ? type : `${type}?`])),
  ]);
}

/** Sagas, one a line. */
export function sagaLines(sagas: readonly SagaSummary[]): readonly string[] {
  if (sagas.length === 0) return ["No sagas yet."];
  return table(
    sagas.map(({ sagaId, state, end, open, rests, steps }) => [
      sagaId,
      state,
      rests !== undefined ? restingText(rests) : end ? shortType(end.type) : waitsFor(open),
      count(steps, "step"),
    ]),
  );
}

function waitsFor([first]: SagaSummary["open"]): string {
  return first === undefined ? "" : `${first.service}: ${shortType(first.type)} ${first.state}`;
}
