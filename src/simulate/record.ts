import { OdoriError } from "../contract/errors.ts";
import type { TraceStep } from "../observe/trace.ts";
import type { RecordedStep } from "./guide.ts";

/** A saga as it went in production, to be played again. */
export interface SagaRecording {
  readonly version: 1;
  readonly sagaId: string;
  readonly steps: readonly RecordedStep[];
}

const STEPS_MAX = 10_000;

/** Records the steps of a saga. Nothing of its payloads is in it. */
export function recordingOf(sagaId: string, steps: readonly TraceStep[]): SagaRecording {
  return {
    version: 1,
    sagaId,
    steps: steps.map(({ service, reaction, disposition, heard, duplicates, attempt = 1 }) => ({
      ...{ service, reaction, disposition, duplicates },
      ...(heard !== undefined && { heard }),
      ...(attempt > 1 && { attempt }),
    })),
  };
}

/** Reads a recording. Throws `SCHEDULE_INVALID`. */
export function readRecording(text: string): SagaRecording {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
  const { version, sagaId, steps } = objectFields(document);
  if (version !== 1 || typeof sagaId !== "string" || !Array.isArray(steps))
    throw invalid("it is not a recording of a saga, of version 1");
  if (steps.length > STEPS_MAX) throw invalid(`it has more than ${STEPS_MAX} steps`);
  return { version, sagaId, steps: steps.map(stepOf) };
}

function stepOf(value: unknown): RecordedStep {
  const {
    service,
    reaction,
    disposition,
    heard,
    duplicates = 0,
    attempt = 1,
  } = objectFields(value);
  const named = [service, reaction, disposition].every((one) => typeof one === "string");
  if (!named || !(heard === undefined || typeof heard === "string"))
    throw invalid("a step has no service, reaction or disposition");
  if (!isCount(duplicates) || !isCount(attempt) || attempt === 0)
    throw invalid("a step has no whole number of duplicates or attempts");
  return {
    service: String(service),
    reaction: String(reaction),
    disposition: String(disposition),
    duplicates,
    attempt,
    heard,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= STEPS_MAX;
}

function objectFields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw invalid("it is not an object");
  return Object.fromEntries(Object.entries(value));
}

function invalid(why: string): OdoriError {
  return new OdoriError("SCHEDULE_INVALID", `The recording cannot be read: ${why}.`, {
    hint: "Write it with `odori trace <sagaId> --export <file>`.",
  });
}
