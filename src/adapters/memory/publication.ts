/** One call of `publish`: a promise for all its deliveries. */
export class Publication {
  /**
   * Resolves once every delivery is acknowledged. Rejects with the first refusal, after all others
   * are settled.
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
