/** One finding of an adapter's `diagnose`, as `odori doctor` prints it. */
export interface Diagnosis {
  /** `error` is a fault to repair now; `warning` is a risk; `ok` is for information. */
  readonly level: "ok" | "warning" | "error";
  /** What was examined, in one or two words: `retention`. */
  readonly check: string;
  /** What was found, as a phrase without a full stop: `for 7 days`. */
  readonly message: string;
}

/**
 * Makes a finding: `ok` where `fine` holds, else the level `otherwise`.
 *
 * @example
 * ```ts
 * import { verdict } from "odori/adapter";
 *
 * const diagnose = (replicas: number) =>
 *   verdict("replicas", replicas >= 3, "warning", `The stream has ${replicas} replicas.`);
 * ```
 */
export function verdict(
  check: string,
  fine: boolean,
  otherwise: Diagnosis["level"],
  message: string,
): Diagnosis {
  return { level: fine ? "ok" : otherwise, check, message };
}
