import type { Deferred } from "../ports/deferred.ts";
import { type SimulationFinding, shortened } from "./findings.ts";
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
  const message = shortened(problem.message);
  return {
    ...finding,
    message: `${what}: reaction ${reaction}, ${code}\n${message}`,
    problem: { code, message },
    at: thrownAt(error),
  };
}
