import { shortType } from "../text/short.ts";
import type { Repair } from "./finding.ts";

/**
 * Describes a repair in words: "let payment also undo payment.authorized on
 * inventory.reservation_failed". Control characters are replaced.
 *
 * @example
 * ```ts
 * import { check, manifestOf, repairText } from "odori/check";
 * import order from "./choreography.ts";
 *
 * for (const { repairs = [] } of check(manifestOf(order)).findings)
 *   for (const repair of repairs) console.log(repairText(repair));
 * ```
 */
export function repairText(repair: Repair): string {
  const list = (types: readonly string[]) => types.map(shortType).join(" and ");
  const service = shortType(repair.service);
  if ("addUndo" in repair)
    return `give ${service} an undo of ${shortType(repair.addUndo)} on ${list(repair.on)}`;
  if ("once" in repair) {
    const names = repair.reactions.map((name) => `"${shortType(name)}"`).join(" and ");
    const option = `firstOf: "${repair.once}" ("once" in a manifest)`;
    return `in ${service}, let the first win: ${option} for ${names}`;
  }
  if ("max" in repair) {
    const reaction = `"${shortType(repair.reaction)}" of ${service}`;
    return `bound ${reaction}: max: ${repair.max}, and declare in late what it emits then`;
  }
  if (repair.undoes !== undefined)
    return `let ${service} also undo ${shortType(repair.undoes)} on ${list(repair.alsoOn)}`;
  return `let ${service} also hear ${list(repair.alsoOn)}, besides ${list(repair.on ?? [])}`;
}
