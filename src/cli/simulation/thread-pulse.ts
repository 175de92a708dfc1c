const RUNS = 0;
const SEED = 1;
const PLACE = 2;
const BEATS = 3;
const FIELDS = 4;

/**
 * What a thread tells while it computes, in memory that it shares: a thread in an endless loop
 * answers nothing any more.
 */
export class ThreadPulse {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Float64Array;

  constructor(memory = new SharedArrayBuffer(FIELDS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Float64Array(memory);
  }

  /** How many runs were made. */
  get runs(): number {
    return this.#fields[RUNS] ?? 0;
  }

  set runs(runs: number) {
    this.#fields[RUNS] = runs;
    this.#beat();
  }

  /** The seed of the run that is under way; 0 where none draws it. */
  get seed(): number {
    return this.#fields[SEED] ?? 0;
  }

  set seed(seed: number) {
    this.#fields[SEED] = seed;
    this.#beat();
  }

  /** The number of the user's code that was entered last. */
  get place(): number {
    return this.#fields[PLACE] ?? 0;
  }

  set place(place: number) {
    this.#fields[PLACE] = place;
    this.#beat();
  }

  /** Grows as long as the thread comes from one thing to the next. */
  get beats(): number {
    return this.#fields[BEATS] ?? 0;
  }

  #beat(): void {
    this.#fields[BEATS] = this.beats + 1;
  }
}
