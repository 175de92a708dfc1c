import type { JournalRecord } from "../ports/journal.ts";

/** Which versions of services have written rows, as far as this process has read them. */
export class Writers {
  /** By service and fingerprint: when the last row was written, in milliseconds since 1970. */
  readonly #last = new Map<string, Map<string, number>>();

  note(service: string, rows: readonly JournalRecord[]): void {
    const last = this.#last.get(service) ?? new Map<string, number>();
    this.#last.set(service, last);
    for (const { fingerprint, at } of rows)
      if (fingerprint !== undefined && at > (last.get(fingerprint) ?? 0)) last.set(fingerprint, at);
  }

  /** When a version wrote its last row; undefined if none of its rows was read. */
  wroteAt(service: string, fingerprint: string): number | undefined {
    return this.#last.get(service)?.get(fingerprint);
  }
}
