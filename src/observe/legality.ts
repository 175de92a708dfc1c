import { stemOf } from "../contract/grammar.ts";
import { watchedName } from "../contract/names.ts";
import { manifestIn } from "../manifest/fingerprint.ts";
import { storedDeadline, storedReaction } from "../manifest/hazards.ts";
import {
  emittedIfEmpty,
  type ManifestOutcome,
  type ReactionEntry,
  type ServiceEntry,
} from "../manifest/manifest.ts";
import type { StoredDeclaration } from "../ports/declarations.ts";
import type { JournalRecord } from "../ports/journal.ts";
import { NO_REACTION } from "../ports/store.ts";

/** Judges the rows of one service by what its versions have declared. */
export class Legality {
  readonly #versions: readonly (StoredDeclaration & { readonly entry: ServiceEntry })[];

  constructor(service: string, declarations: readonly StoredDeclaration[]) {
    this.#versions = declarations.flatMap((stored) => {
      const entry = manifestIn(stored.manifest)?.services.get(service);
      return entry === undefined ? [] : [{ ...stored, entry }];
    });
  }

  /**
   * Tells whether a row is one that some version could have written: the one that says so, or, of a
   * row that names none, any version that ran before. Without declarations, every row is.
   */
  allows(record: JournalRecord): boolean {
    const own = this.#versions.find(({ fingerprint }) => fingerprint === record.fingerprint);
    if (own !== undefined) return declares(own.entry, record);
    const alive = this.#versions.filter(({ firstAt }) => firstAt <= record.at);
    const judges = alive.length > 0 ? alive : this.#versions;
    return judges.length === 0 || judges.some(({ entry }) => declares(entry, record));
  }
}

function declares(entry: ServiceEntry, record: JournalRecord): boolean {
  const { reaction: stored, disposition, emitted, type } = record;
  const types = emitted.map((event) => event.type);
  if (stored === NO_REACTION) return true;
  if (disposition === "begun") return types.every((one) => entry.begins.includes(one));
  const watched = watchedName(stored);
  const deadline = entry.deadlines.find((one) => storedDeadline(one) === (watched ?? stored));
  if (watched !== undefined) return deadline !== undefined && types.length === 0;
  if (deadline !== undefined) {
    const one = disposition === "expired" ? deadline.emits : deadline.onParked;
    return types.every((emits) => emits === one);
  }
  const reaction = entry.reactions.find((one) => storedReaction(one) === stored);
  if (reaction === undefined) return false;
  const heard = reaction.hears.some((one) => stemOf(one) === stemOf(type));
  return heard && outcomesOf(reaction, record).some((outcome) => isSame(outcome, types));
}

/** The outcomes that a row of some disposition may have. */
function outcomesOf(
  reaction: ReactionEntry,
  { disposition }: JournalRecord,
): readonly ManifestOutcome[] {
  const { emits, fails, late, onParked } = reaction;
  switch (disposition) {
    case "done":
    case "undone":
      return emits;
    case "refused":
      return fails;
    case "late":
      return [[], ...late];
    case "barred": {
      const told = emittedIfEmpty(reaction);
      return [told === undefined ? [] : [told]];
    }
    case "parked":
      return [[], ...(onParked === undefined ? [] : [[onParked]])];
    default:
      return [[]];
  }
}

function isSame(outcome: ManifestOutcome, types: readonly string[]): boolean {
  return outcome.length === types.length && outcome.every((type, at) => type === types[at]);
}
