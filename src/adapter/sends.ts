/** The statements of `send` in one transaction, whose replies nothing awaits. */
export class Sends {
  /** Made with the first one: most handlers send nothing. */
  #pending: Set<Promise<unknown>> | undefined;
  #failure: { readonly error: unknown } | undefined;

  add(reply: Promise<unknown>): void {
    this.#pending ??= new Set();
    const pending = this.#pending.add(reply);
    const settled = () => pending.delete(reply);
    reply.then(settled, (error: unknown) => {
      settled();
      this.failed(error);
    });
  }

  /** One of them has failed. The first failure explains those of the statements behind it. */
  failed(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Throws the first failure. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves once all have ended, and rejects as `check` throws; undefined if there were none. */
  ended(): Promise<void> | undefined {
    const pending = this.#pending;
    const none = pending === undefined || pending.size === 0;
    if (none && this.#failure === undefined) return undefined;
    return Promise.allSettled(pending ?? []).then(() => this.check());
  }
}
