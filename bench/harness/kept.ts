import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Entry } from "./entries.ts";
import type { Result } from "./round.ts";

/** A round that counts, as a line of a file. */
interface Line {
  readonly round: number;
  readonly name: string;
  readonly sagas: number;
  readonly result: Result;
}

/**
 * The rounds of a run, kept in a file where one is named: a run that was ended, or that is made in
 * parts, goes on with what the file lacks.
 */
export class Kept {
  readonly #file: string | undefined;
  readonly #lines: Line[] = [];

  constructor(file: string | undefined) {
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const text of readFileSync(file, "utf8").split("\n"))
      if (text !== "") this.#lines.push(JSON.parse(text));
  }

  has(round: number, { name }: Entry, sagas: number): boolean {
    const line = this.#lines.find((one) => one.round === round && one.name === name);
    if (line === undefined) return false;
    if (line.sagas !== sagas)
      throw new Error(`${this.#file}: ${name} has ${line.sagas} sagas, not ${sagas}: name another`);
    return true;
  }

  add(round: number, { name }: Entry, sagas: number, result: Result): void {
    const line: Line = { round, name, sagas, result };
    this.#lines.push(line);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  /** By contestant, in the order of a round. */
  results(entries: readonly Entry[]): ReadonlyMap<Entry, readonly Result[]> {
    const all = entries.map((entry) => {
      const own = this.#lines.filter(({ name }) => name === entry.name);
      return [entry, own.map(({ result }) => result)] as const;
    });
    return new Map(all.filter(([, results]) => results.length > 0));
  }
}
