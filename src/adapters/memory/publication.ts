/**
 * What was published together, until each group that hears it has answered: one promise for all of
 * it.
 */
export class Publication {
  /**
   * Resolves once every group has acknowledged; rejects with the first refusal, but not before the
   * others have answered too.
   */
  readonly answered: Promise<void>;
  #left: number;
  #failure: { readonly error: unknown } | undefined;
  #end: () => void = () => {};

  constructor(deliveries: number) {
    this.#left = deliveries;
    this.answered = new Promise((resolve, reject) => {
      this.#end = () => (this.#failure === undefined ? resolve() : reject(this.#failure.error));
    });
    if (deliveries === 0) this.#end();
  }

  acknowledged(): void {
    if (--this.#left === 0) this.#end();
  }

  refused(error: unknown): void {
    this.#failure ??= { error };
    this.acknowledged();
  }
}
