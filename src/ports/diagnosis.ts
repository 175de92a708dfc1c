/** One finding of an adapter that looks its server or file over. */
export interface Diagnosis {
  readonly level: "ok" | "warning" | "error";
  readonly check: string;
  readonly message: string;
}

export function verdict(
  check: string,
  fine: boolean,
  otherwise: Diagnosis["level"],
  message: string,
): Diagnosis {
  return { level: fine ? "ok" : otherwise, check, message };
}
