import type { NameParts } from "./name-parts.ts";
import type { LintProblem, Subject } from "./rule.ts";

const SYNONYMS = [
  ["created", "placed", "submitted", "registered", "opened", "initiated", "started", "begun"],
  ["cancelled", "canceled", "aborted", "voided", "revoked"],
  ["completed", "finished", "fulfilled", "concluded", "done"],
  ["updated", "changed", "modified", "amended"],
  ["deleted", "removed", "erased"],
  ["approved", "accepted", "confirmed"],
  ["rejected", "declined", "refused", "denied"],
  ["refunded", "reimbursed", "repaid"],
  ["authorized", "authorised"],
  ["restocked", "replenished"],
  ["dispatched", "shipped"],
];
const MEANING = new Map(
  SYNONYMS.flatMap((words) => words.map((word) => [word, words[0] ?? word] as const)),
);

/** Finds events of one domain that mean the same, where no summary says how they differ. */
export class Synonyms {
  readonly #known = new Map<string, NameParts>();
  readonly #events: Subject["manifest"]["events"];

  constructor({ events }: Subject["manifest"]) {
    this.#events = events;
  }

  /** Compares a name with those before it. */
  problemOf(parts: NameParts, at: LintProblem["at"]): LintProblem | undefined {
    const { type, domain, words } = parts;
    // In `order.order_created` the domain says nothing.
    const fact = words.filter((word) => word !== domain);
    const meaning = `${domain}.${fact.map((word) => MEANING.get(word) ?? word).join("_")}`;
    const other = this.#known.get(meaning);
    if (other === undefined) {
      this.#known.set(meaning, parts);
      return undefined;
    }
    const same = other.words.join("_") === words.join("_");
    if (same || this.#explained(type, other.type)) return undefined;
    return {
      code: "SYNONYM",
      message: `${type} and ${other.type} seem to mean the same`,
      at,
    };
  }

  /** Tells whether both events have a summary, and the summaries differ. */
  #explained(a: string, b: string): boolean {
    const first = this.#events.get(a)?.summary;
    const second = this.#events.get(b)?.summary;
    return first !== undefined && second !== undefined && first !== second;
  }
}
