/** A search that is shorter than this needs no line. */
const QUIET_MS = 1_000;
const EVERY_MS = 250;

/** The part of `process.stderr` that a progress line needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows how far a long search is, in one line that is written over, on a terminal only. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #secondsMax: number | undefined;
  readonly #now: () => number;
  readonly #began: number;
  #shownAt = Number.NEGATIVE_INFINITY;

  /** `secondsMax` is undefined where no time is set. `now` returns milliseconds. */
  constructor(
    terminal: Terminal,
    secondsMax: number | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#terminal = terminal;
    this.#secondsMax = secondsMax;
    this.#now = now;
    this.#began = now();
  }

  /** Shows the numbers of an exploration. */
  show(states: number, transitions: number): void {
    const [found, taken] = [states.toLocaleString("en"), transitions.toLocaleString("en")];
    this.showText(`${found} states, ${taken} transitions`);
  }

  /** Shows a text, unless the search is young or another was just shown. */
  showText(text: string): void {
    const now = this.#now();
    const elapsed = now - this.#began;
    if (this.#terminal.isTTY !== true || elapsed < QUIET_MS) return;
    if (now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    const seconds = Math.floor(elapsed / 1_000);
    const most = this.#secondsMax === undefined ? "" : ` of at most ${this.#secondsMax}`;
    this.#terminal.write(`\r\u001b[K${text}, ${seconds}${most} s …`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shownAt !== Number.NEGATIVE_INFINITY) this.#terminal.write("\r\u001b[K");
  }
}
