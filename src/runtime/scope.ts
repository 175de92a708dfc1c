import type { OdoriError } from "../contract/errors.ts";
import type { TraceContext } from "../contract/trace-context.ts";
import type { HandlerScope } from "../ports/transaction.ts";
import type { Draft } from "./draft.ts";

type Handler<Native> = Pick<HandlerScope<Native>, "native" | "returned" | "sent">;

/** What one run of a task works with: its handler's transaction, and the rows it drafts. */
export class Scope<Native> {
  readonly tx: Native;
  readonly draft: Draft;
  /** The trace that emitted events carry; undefined: that of their cause. */
  trace: TraceContext | undefined;
  /** Whether the handler is done only when what it sent is answered. */
  waits = true;
  readonly #handler: Handler<Native>;
  #cancel: (reason: unknown) => void = () => {};
  #cancelled: { readonly reason: unknown } | undefined;

  constructor(handler: Handler<Native>, draft: Draft) {
    this.#handler = handler;
    this.tx = handler.native;
    this.draft = draft;
  }

  /** Names what ends the handler's signal and timer, once the handler has been called. */
  onCancel(cancel: (reason: unknown) => void): void {
    this.#cancel = cancel;
    if (this.#cancelled !== undefined) cancel(this.#cancelled.reason);
  }

  /** Told once the handler has returned or thrown: `report` hears of later statements. */
  returned(report: (error: OdoriError) => void): void {
    this.#handler.returned(report);
  }

  /** As `HandlerScope.sent`, for a run that `waits`. */
  sent(): Promise<void> | undefined {
    return this.waits ? this.#handler.sent?.() : undefined;
  }

  /** Aborts the signal of a handler whose result is no longer waited for, also of one to come. */
  cancel(reason: unknown): void {
    this.#cancelled ??= { reason };
    this.#cancel(reason);
  }
}
