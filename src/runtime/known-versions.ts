import { effectsOf } from "../manifest/hazards.ts";
import type { ServiceEntry } from "../manifest/manifest.ts";

/** An effect by its stored name. */
export interface EffectId {
  readonly name: string;
  readonly keyed: boolean;
}

type Effects = ReturnType<typeof effectsOf>;

/**
 * What other versions of the service declare, of those that have run on its database. A version
 * that starts beside this process is read once an effect is met that no known version declares.
 */
export class KnownVersions {
  readonly #read: () => Promise<readonly ServiceEntry[]>;
  #versions: readonly Effects[] = [];
  /** Those that this process has read last. */
  entries: readonly ServiceEntry[] = [];
  /** Effects that were looked for, found or not. */
  readonly #sought = new Set<string>();
  #stale = false;

  constructor(read: () => Promise<readonly ServiceEntry[]>) {
    this.#read = read;
  }

  learn(entries: readonly ServiceEntry[]): void {
    this.entries = entries;
    this.#versions = entries.map(effectsOf);
  }

  /** Reads the declarations again if one is missing; undefined: none is. */
  refresh(): Promise<void> | undefined {
    return this.#stale ? this.#readAgain() : undefined;
  }

  async #readAgain(): Promise<void> {
    this.learn(await this.#read());
    this.#stale = false;
  }

  /** Whether a version may declare the effect that this process has not read. */
  mayBeNew({ name }: EffectId): boolean {
    if (this.#versions.some((effects) => effects.has(name))) return false;
    if (this.#sought.has(name) && !this.#stale) return false;
    this.#sought.add(name);
    this.#stale = true;
    return true;
  }

  /**
   * Whether `strange` is an effect beside `own`, and not the same under another name: each version
   * that declares it also declares `own`, and would have marked that.
   */
  isBeside(strange: EffectId, own: EffectId): boolean {
    const declaring = this.#versions.filter((effects) => has(effects, strange));
    return declaring.length > 0 && declaring.every((effects) => has(effects, own));
  }
}

function has(effects: Effects, { name, keyed }: EffectId): boolean {
  return effects.get(name)?.keyed === keyed;
}
