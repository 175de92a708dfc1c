import type { ErrorCode } from "../contract/error-catalogue.ts";
import { messageOf } from "../contract/errors.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import { cutShort, type SimulationFinding } from "./findings.ts";
import { thrownAt } from "./place.ts";

/** Says of a parked delivery whose it is, and why. `error` is what the handler has thrown. */
export function parkedFinding(
  service: string,
  { reaction, sagaId, attempts, problem }: Deferred,
  error: unknown,
): SimulationFinding {
  const times = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const what = `a delivery to ${service} was given up on after ${times}`;
  const finding = { code: "PARKED", sagaId, service, reaction, attempts } as const;
  if (problem === undefined) return { ...finding, message: `${what}: reaction ${reaction}` };
  const { code } = problem;
  const message = cutShort(problem.message);
  return {
    ...finding,
    message: `${what}: reaction ${reaction}, ${code}\n${message}`,
    problem: { code, message },
    at: thrownAt(error),
  };
}

/** The error of a statement that comes after its handler has returned. */
export const STRAY = "STATEMENT_NOT_AWAITED" satisfies ErrorCode;

/** Says of a statement that it came after its handler had returned. */
export function strayFinding(
  service: string,
  { reaction, sagaId, error }: LogFields,
): SimulationFinding {
  const message = `a statement of a handler of ${service} came after the handler had returned`;
  return { code: STRAY, message, service, reaction, sagaId, at: thrownAt(error) };
}

/** Says of a promise that it was rejected, and that no code handles it. */
export function rejectionFinding(reason: unknown, service: string | undefined): SimulationFinding {
  const what = `a promise of ${service ?? "`given`"} was rejected, and no code handles it`;
  const message = `${what}\n${cutShort(messageOf(reason))}`;
  return { code: "UNHANDLED_REJECTION", message, service, at: thrownAt(reason) };
}
