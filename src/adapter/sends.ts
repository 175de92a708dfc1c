/** The statements of `send` in one transaction, whose replies nothing awaits. */
export class Sends {
  readonly #pending = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;

  add(reply: Promise<unknown>): void {
    this.#pending.add(reply);
    const settled = () => this.#pending.delete(reply);
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
    if (this.#pending.size === 0 && this.#failure === undefined) return undefined;
    return Promise.allSettled(this.#pending).then(() => this.check());
  }
}
