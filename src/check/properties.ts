import { DONE, UNDONE } from "../choreography/fence.ts";
import { type Effect, FAILED, type Model, PARKED, SUCCEEDED } from "./model.ts";
import type { Violation } from "./violation.ts";

/** Returns the rules that a saga breaks when nothing more can happen in it. */
export function judgeEnd(model: Model, state: Uint8Array): readonly Violation[] {
  const succeeded = state[SUCCEEDED] !== 0;
  const failed = state[FAILED] !== 0;
  const parked = state[PARKED] !== 0;
  if (!succeeded && !failed) return [stuck(parked)];
  const violations: Violation[] = [];
  const add = (code: Violation["code"], { service, type }: Effect, message: string) =>
    violations.push({ code, service, event: type, message });
  const grouped = new Set(model.oneOf.flat());
  for (const effect of model.effects) {
    const mark = state[effect.at];
    if (failed && mark === DONE && effect.needsUndo) {
      if (!effect.undone)
        add("NO_UNDO", effect, `${effect.type} is still done when the saga fails, and has no undo`);
      else if (parked)
        add(
          "PARKED_STUCK",
          effect,
          `${effect.type} is still done when the saga fails, after a delivery was parked`,
        );
      else add("ORPHAN", effect, `${effect.type} is still done when the saga fails`);
    }
    if (succeeded && mark === UNDONE && !grouped.has(effect)) {
      add("UNDONE_ON_SUCCESS", effect, `${effect.type} is undone, though the saga succeeds`);
    }
  }
  for (const group of succeeded ? model.oneOf : []) {
    const done = group.filter(({ at }) => state[at] === DONE);
    // An effect with a key is one effect, for any number of keys.
    const kept = new Set(done.map(({ service, type }) => `${service} ${type}`));
    const [first] = group;
    if (kept.size === 1 || first === undefined) continue;
    const names = [...new Set(group.map(({ type }) => type))].join(", ");
    const types = [...new Set(done.map(({ type }) => type))];
    const how = kept.size === 0 ? "none is" : `${types.join(" and ")} are`;
    violations.push({
      code: "ONE_OF",
      service: undefined,
      event: first.type,
      message: `on success exactly one of ${names} must be kept; ${how}`,
    });
  }
  for (const { name, acquire, at } of model.locks) {
    if (state[at] === 0) continue;
    violations.push({
      code: "LOCK_LEAK",
      service: undefined,
      event: acquire,
      message: `the lock "${name}" is never released`,
    });
  }
  return violations;
}

function stuck(parked: boolean): Violation {
  const code = parked ? "PARKED_STUCK" : "STUCK";
  const after = parked ? " after a delivery was parked" : "";
  const message = `the saga has no end: nothing is left to happen${after}`;
  return { code, service: undefined, event: undefined, message };
}
