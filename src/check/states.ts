/** Keeps the hash table at most half full, so that probing stays short. */
const LOAD_MAX = 0.5;
/** Stores states in chunks of about this size: a single array would be copied to grow. */
const CHUNK_BYTES = 1 << 22;

/**
 * Stores each state once, in the order of discovery, with the transition that led to it. A state
 * is a row of 32-bit words; the index of the row identifies it.
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

  /** `bytes` is the size of one state, a multiple of 4. */
  constructor(bytes: number, chunkBytes: number = CHUNK_BYTES) {
    this.#words = bytes / 4;
    this.#perChunk = Math.max(1, Math.floor(chunkBytes / bytes));
  }

  /** Returns the number of states. */
  get count(): number {
    return this.#count;
  }

  /** Returns the bytes that the states take, without the table. */
  get bytes(): number {
    return this.#chunks.length * this.#perChunk * this.#words * 4;
  }

  /** Adds a state unless it is known. Returns true if it is new. */
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

  /** Copies the state at `index` into `into`. */
  read(index: number, into: Int32Array): void {
    const chunk = this.#chunks[Math.floor(index / this.#perChunk)];
    const from = (index % this.#perChunk) * this.#words;
    if (chunk !== undefined) into.set(chunk.subarray(from, from + this.#words));
  }

  /** Returns the previous state and the transition from it. `parent` is -1 for a first state. */
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
 * Hashes a state word by word, after MurmurHash3. The last mixing makes the low bits depend on all
 * words.
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
