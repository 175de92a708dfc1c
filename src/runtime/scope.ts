import type { Draft } from "./draft.ts";

/** What one run of a task works with: its handler's transaction, and the rows it drafts. */
export class Scope<Native> {
  readonly tx: Native;
  readonly draft: Draft;
  #cancel: (reason: unknown) => void = () => {};
  #cancelled: { readonly reason: unknown } | undefined;

  constructor(tx: Native, draft: Draft) {
    this.tx = tx;
    this.draft = draft;
  }

  /** Names what ends the handler's signal and timer, once the handler has been called. */
  onCancel(cancel: (reason: unknown) => void): void {
    this.#cancel = cancel;
    if (this.#cancelled !== undefined) cancel(this.#cancelled.reason);
  }

  /** Aborts the signal of a handler whose result is no longer waited for, also of one to come. */
  cancel(reason: unknown): void {
    this.#cancelled ??= { reason };
    this.#cancel(reason);
  }
}
