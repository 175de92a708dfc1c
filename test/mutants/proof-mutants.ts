import { edit, type Mutant } from "./mutant.ts";

const mutant = (
  name: string,
  caughtBy: string,
  file: string,
  find: string,
  put: string,
): Mutant => ({
  name,
  edits: [edit(`check/${file}`, find, put)],
  suite: "proofs",
  caughtBy,
});

/** Broken explorations of deployments. */
export const PROOF_MUTANTS: readonly Mutant[] = [
  mutant(
    "versions share no marks",
    "once is renamed, and says what it was",
    "rolling/shared-parts.ts",
    "const at = this.#bytes.get(part) ?? make();",
    "const at = make();",
  ),
  mutant(
    "the old version never stops",
    "a deadline is taken away while it is armed",
    "rolling/versions.ts",
    "bits(OLD_ALONE, BOTH, BACK)",
    "bits(OLD_ALONE, BOTH, BACK, NEW_ALONE)",
  ),
  mutant(
    "a deployment is never rolled back",
    "a deadline is added, and the deployment is rolled back while it is armed",
    "rolling/sources.ts",
    "if (rollback) move(",
    "if (!rollback) move(",
  ),
  mutant(
    "an undo does not know strange effects",
    "an effect is renamed without a word about its former name",
    "rolling/machine.ts",
    "state[at] === DONE)?.name",
    "state[at] === DONE && at < 0)?.name",
  ),
  mutant(
    "an effect with a key is the effect without one",
    "an effect gets a key, and the old undo does not find what was done with one",
    "rolling/strangers.ts",
    "if (other.effects.get(undone.name) === undone.keyed)",
    "if (other.effects.has(undone.name))",
  ),
  mutant(
    "a deadline does not look for what has passed",
    "a deadline is added: it looks for what an old process has emitted",
    "rulings.ts",
    "return seeks.some((at) => state[at] !== 0);",
    "return seeks.some((at) => state[at] === 2);",
  ),
  mutant(
    "a retired deadline stays armed",
    "a deadline is retired: nothing is left behind, and a saga that needs it is stuck",
    "rolling/sources.ts",
    "return retired.has(`deadline ",
    "return retired.has(`deadline of ",
  ),
  mutant(
    "no message comes again to the other version",
    "a reaction is renamed: a message that comes again is handled again",
    "machine.ts",
    "for (const at of source.again) state[at] = 1;",
    "for (const at of source.again) state[at] = 0;",
  ),
  mutant(
    "a message waits for a version that does not run yet",
    "a join waits for one event more, which sagas in flight have seen pass",
    "machine.ts",
    "if ((phases & phase) !== 0) this.#post(state, at);",
    "if (phases !== 0 && phase !== 0) this.#post(state, at);",
  ),
  mutant(
    "a complete join waits for another event",
    "a join waits for one event less: what is complete then fires",
    "rolling/sources.ts",
    "awaits(entry).includes(type))) continue;",
    "awaits(entry).includes(type)) || awaits(entry).length > 0) continue;",
  ),
  mutant(
    "services that wait for their deployment are new already",
    "a safe order is found",
    "rolling/order.ts",
    "waiting.filter((name) => name !== service)",
    "waiting.filter((name) => name === service)",
  ),
];
