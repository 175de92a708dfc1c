import { shortType } from "../text/short.ts";
import type { Repair } from "./finding.ts";

/**
 * A repair in words: "let payment also undo payment.authorized on inventory.reservation_failed".
 */
export function repairText(repair: Repair): string {
  const list = (types: readonly string[]) => types.map(shortType).join(" and ");
  const service = shortType(repair.service);
  if ("addUndo" in repair)
    return `give ${service} an undo of ${shortType(repair.addUndo)} on ${list(repair.on)}`;
  if ("once" in repair)
    return `in ${service}, let the first win: firstOf: "${repair.once}" ("once" in a manifest) for ${repair.reactions.map((name) => `"${shortType(name)}"`).join(" and ")}`;
  if ("max" in repair)
    return `bound "${shortType(repair.reaction)}" of ${service}: max: ${repair.max}, and say in late what follows`;
  if (repair.undoes !== undefined)
    return `let ${service} also undo ${shortType(repair.undoes)} on ${list(repair.alsoOn)}`;
  return `let ${service} also hear ${list(repair.alsoOn)}, beside ${list(repair.on ?? [])}`;
}
