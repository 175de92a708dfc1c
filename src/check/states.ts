/** Table slots for each state: half empty at most, so that probing stays short. */
const LOAD_MAX = 0.5;
/**
 * States are kept in chunks of about this size, since one array cannot grow without being copied.
 */
const CHUNK_BYTES = 1 << 22;

/**
 * Every state that was seen, once, in the order in which it was found, with the transition that led
 * to it. States are rows of 32-bit words; a row's number is its name.
 */
export class StateSet {
  readonly #words: number;
  readonly #perChunk: number;
  readonly #chunks: Int32Array[] = [];
  #table = new Int32Array(1 << 12);
  #hashes = new Int32Array(1 << 11);
  #parents = new Int32Array(1 << 11);
  #sources = new Int32Array(1 << 11);
  #choices = new Int32Array(1 << 11);
  #count = 0;

  constructor(bytes: number) {
    this.#words = bytes / 4;
    this.#perChunk = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes that the states take, without the table. */
  get bytes(): number {
    return this.#chunks.length * this.#perChunk * this.#words * 4;
  }

  /** Adds a state unless it is known. Returns whether it was new. */
  add(state: Int32Array, parent: number, source: number, choice: number): boolean {
    const hash = hashOf(state);
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (;;) {
      const known = (this.#table[slot] ?? 0) - 1;
      if (known < 0) break;
      if (this.#hashes[known] === hash && this.#equals(known, state)) return false;
      slot = (slot + 1) & mask;
    }
    if (this.#count === this.#parents.length) this.#grow();
    const index = this.#count++;
    this.#table[slot] = index + 1;
    this.#hashes[index] = hash;
    this.#parents[index] = parent;
    this.#sources[index] = source;
    this.#choices[index] = choice;
    this.#chunkFor(index).set(state, (index % this.#perChunk) * this.#words);
    if (this.#count > this.#table.length * LOAD_MAX) this.#rehash();
    return true;
  }

  /** Copies a state out. */
  read(index: number, into: Int32Array): void {
    const chunk = this.#chunks[Math.floor(index / this.#perChunk)];
    const from = (index % this.#perChunk) * this.#words;
    if (chunk !== undefined) into.set(chunk.subarray(from, from + this.#words));
  }

  /** The state before, and the transition from there; parent -1 for a first state. */
  origin(index: number): {
    readonly parent: number;
    readonly source: number;
    readonly choice: number;
  } {
    return {
      parent: this.#parents[index] ?? -1,
      source: this.#sources[index] ?? -1,
      choice: this.#choices[index] ?? -1,
    };
  }

  #equals(index: number, state: Int32Array): boolean {
    const chunk = this.#chunks[Math.floor(index / this.#perChunk)];
    if (chunk === undefined) return false;
    const from = (index % this.#perChunk) * this.#words;
    for (let word = 0; word < this.#words; word++)
      if (chunk[from + word] !== state[word]) return false;
    return true;
  }

  #chunkFor(index: number): Int32Array {
    const place = Math.floor(index / this.#perChunk);
    const known = this.#chunks[place];
    if (known !== undefined) return known;
    const chunk = new Int32Array(this.#perChunk * this.#words);
    this.#chunks.push(chunk);
    return chunk;
  }

  #grow(): void {
    const larger = (old: Int32Array) => {
      const grown = new Int32Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    this.#hashes = larger(this.#hashes);
    this.#parents = larger(this.#parents);
    this.#sources = larger(this.#sources);
    this.#choices = larger(this.#choices);
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let index = 0; index < this.#count; index++) {
      let slot = (this.#hashes[index] ?? 0) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = index + 1;
    }
    this.#table = table;
  }
}

/**
 * Multiplies and mixes word by word, and once more at the end, so that the low bits depend on all
 * of them (after MurmurHash3).
 */
function hashOf(state: Int32Array): number {
  let hash = 0x2f0b4a27;
  for (let i = 0; i < state.length; i++) {
    const word = Math.imul(state[i] ?? 0, 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0x6b64e654) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
