import { createHook } from "node:async_hooks";
import { StatementSync } from "node:sqlite";
import type { StoreName } from "../../src/simulate/options.ts";
import { search } from "../../src/simulate/search.ts";
import type { Simulation } from "../../src/simulate/simulation.ts";
import type { Row } from "./row.ts";

const WARM_UP = 100;
/** Seeds that are counted: the same ones each time, so that two versions can be compared. */
const COUNTED = 1_000;

/**
 * How many promises and statements of SQLite a seed makes. Other load of the machine does not
 * change them, so they tell whether a speed was lost by the code.
 */
export function counts<Native>(name: string, of: Simulation<Native>, store?: StoreName): Row {
  return {
    what: `counts, a seed: ${name}`,
    goal: "as before",
    async measure(onRun) {
      const stage = await of.prepare(store);
      await search(stage, { from: 1, seeds: WARM_UP, onRun });
      let promises = 0;
      const hook = createHook({
        init(_, type) {
          if (type === "PROMISE") promises++;
        },
      });
      using counter = new StatementCounter();
      hook.enable();
      const { runs } = await search(stage, { from: 1 + WARM_UP, seeds: COUNTED, onRun });
      hook.disable();
      await stage.close();
      const figures = { promises: promises / runs, statements: counter.statements / runs };
      const [made, ran] = [figures.promises, figures.statements].map((n) => n.toFixed(1));
      return { text: `${made} promises, ${ran} statements`, ...figures };
    },
  };
}

/** Counts the statements that SQLite runs, until it is disposed of. */
class StatementCounter implements Disposable {
  statements = 0;
  readonly #restore: (() => void)[] = [];

  constructor() {
    const { prototype } = StatementSync;
    for (const name of ["run", "get", "all"] as const) {
      const before = prototype[name];
      const counting = new Proxy(before, {
        apply: (real, self, given) => {
          this.statements++;
          return Reflect.apply(real, self, given);
        },
      });
      Reflect.set(prototype, name, counting);
      this.#restore.push(() => Reflect.set(prototype, name, before));
    }
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
  }
}
