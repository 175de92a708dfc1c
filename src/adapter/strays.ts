import type { OdoriError } from "../contract/errors.ts";
import { statementStray } from "../ports/errors.ts";

/** Watches for statements of one handler that come after it has returned. */
export class Strays {
  #report: ((error: OdoriError) => void) | undefined;
  #first: OdoriError | undefined;

  /** Whether the handler has returned or thrown. */
  get returned(): boolean {
    return this.#report !== undefined;
  }

  /** The handler has returned or thrown: `report` is told of each later statement. */
  watch(report: (error: OdoriError) => void): void {
    this.#report ??= report;
  }

  /** Reports the statement that comes now, if the handler has returned. Returns whether it has. */
  has(): boolean {
    if (this.#report === undefined) return false;
    const error = statementStray();
    this.#first ??= error;
    this.#report(error);
    return true;
  }

  /** Throws the first stray statement: before the commit it is the delivery's failure. */
  check(): void {
    if (this.#first !== undefined) throw this.#first;
  }
}
