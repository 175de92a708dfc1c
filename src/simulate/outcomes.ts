import type { ChoiceKind, TransitionSource } from "../check/model.ts";
import { storedName } from "../contract/names.ts";
import { deadlineName, reactionName } from "../manifest/manifest.ts";
import type { Disposition, JournalEntry } from "../ports/journal.ts";

/**
 * Names an outcome of a reaction or a deadline: `payment/order.placed/done/payment.authorized.v1`.
 * The model and the journals name it alike.
 */
function outcomeName(
  service: string,
  part: string,
  disposition: Disposition,
  types: readonly string[],
): string {
  return `${service}/${part}/${disposition}${types.length === 0 ? "" : `/${types.join("+")}`}`;
}

/** Names the outcome that a journal row tells of. */
export function outcomeInJournal(service: string, entry: JournalEntry): string {
  const { reaction, disposition, emitted } = entry;
  return outcomeName(
    service,
    reaction,
    disposition,
    emitted.map(({ type }) => type),
  );
}

const TOLD_AS: Readonly<Partial<Record<ChoiceKind, Disposition>>> = {
  success: "done",
  failure: "refused",
  late: "late",
  acknowledge: "barred",
};

/** Names the outcome of a transition of the model; undefined for any other transition. */
export function outcomeInModel(source: TransitionSource, index: number): string | undefined {
  if (source.kind === "deadline") {
    const { service, entry, choices } = source.deadline;
    if (choices[index]?.kind !== "success") return undefined;
    const name = storedName({ name: deadlineName(entry), was: entry.was });
    return outcomeName(service.name, name, "expired", [entry.emits]);
  }
  const reaction = source.kind === "delivery" ? source.reaction : undefined;
  const choice = reaction?.choices[index];
  const disposition = choice && TOLD_AS[choice.kind];
  if (reaction === undefined || disposition === undefined) return undefined;
  const { service, entry } = reaction;
  const name = storedName({ name: reactionName(entry), was: entry.was });
  const undone = disposition === "done" && entry.kind === "undo";
  const types = choice?.emits.map(({ type }) => type) ?? [];
  return outcomeName(service.name, name, undone ? "undone" : disposition, types);
}
