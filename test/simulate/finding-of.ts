import { SimulationError } from "odori/simulate";

/** The error with which a simulation has found something. */
export async function findingOf(simulated: Promise<unknown>): Promise<SimulationError> {
  const error: unknown = await simulated.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SimulationError) return error;
  throw error ?? new Error("Every run was right.");
}
