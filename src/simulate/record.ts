import { OdoriError } from "../contract/errors.ts";
import type { TraceStep } from "../observe/trace.ts";

/** One step of a saga that was recorded, as `odori trace --export` writes it. */
export interface RecordedStep {
  readonly service: string;
  readonly reaction: string;
  readonly disposition: string;
  /** The type of the event heard; absent for a beginning. */
  readonly heard?: string | undefined;
  /** Which step has emitted that event, and as which of its events; absent where none has. */
  readonly from?: { readonly step: number; readonly emitted: number } | undefined;
  /** How often the message came again. */
  readonly duplicates: number;
  /** The attempt that ended so: those before it have failed. @default 1 */
  readonly attempt?: number | undefined;
}

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
    steps: steps.map((step) => {
      const { service, reaction, disposition, heard, duplicates, attempt = 1 } = step;
      const isCaused = heard !== undefined && disposition !== "expired";
      const from = isCaused ? emitterOf(step, steps) : undefined;
      return {
        ...{ service, reaction, disposition, duplicates },
        ...(heard !== undefined && { heard }),
        ...(from !== undefined && { from }),
        ...(attempt > 1 && { attempt }),
      };
    }),
  };
}

/** Which step has emitted the event that a step has heard, and as which of its events. */
function emitterOf(heard: TraceStep, steps: readonly TraceStep[]) {
  const step = steps.findIndex((one) => one !== heard && one.emittedIds.includes(heard.eventId));
  // By an id, and not by a type: it may have been heard in an older version.
  const emitted = steps[step]?.emittedIds.indexOf(heard.eventId) ?? -1;
  return step < 0 || step >= steps.indexOf(heard) ? undefined : { step, emitted };
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
  if (steps.length === 0) throw invalid("it has no steps");
  if (steps.length > STEPS_MAX) throw invalid(`it has more than ${STEPS_MAX} steps`);
  return { version, sagaId, steps: steps.map(stepOf) };
}

function stepOf(value: unknown, at: number): RecordedStep {
  const {
    service,
    reaction,
    disposition,
    heard,
    from,
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
    ...(from !== undefined && { from: placeBefore(at, from) }),
  };
}

function placeBefore(
  at: number,
  value: unknown,
): { readonly step: number; readonly emitted: number } {
  const { step, emitted } = objectFields(value);
  if (!isCount(step) || !isCount(emitted) || step >= at)
    throw invalid("a step does not come behind the one that has caused it");
  return { step, emitted };
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
