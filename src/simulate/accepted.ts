import type { RunResult } from "./run.ts";

/** In how many runs each accepted code was found. */
export type AcceptedCounts = Readonly<Record<string, number>>;

/** Counts the runs with findings that are accepted. */
export class AcceptedFindings {
  readonly #runs = new Map<string, number>();

  get counts(): AcceptedCounts {
    return Object.fromEntries(this.#runs);
  }

  note({ accepted }: RunResult): void {
    if (accepted.length === 0) return;
    for (const code of new Set(accepted.map((finding) => finding.code)))
      this.#runs.set(code, (this.#runs.get(code) ?? 0) + 1);
  }
}
