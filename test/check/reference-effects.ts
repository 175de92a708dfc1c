import type {
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";

/** The fact that an event type is a version of: effects are named by it. */
export function stem(type: string): string {
  return type.replace(/\.v\d+$/, "");
}

/** Which effects the reactions of a service leave, written from the tables once more. */
export class ReferenceEffects {
  readonly #manifest: Manifest;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  of(service: ServiceEntry, reaction: ReactionEntry, outcome: ManifestOutcome): string | undefined {
    if (reaction.kind === "undo" || reaction.readonly) return undefined;
    const undone = outcome
      .map(stem)
      .find((type) => service.reactions.some(({ undoes }) => undoes === type));
    return undone ?? outcome.map(stem)[0];
  }

  /** False for an effect that no undo names and each of whose outcomes ends the saga. */
  needUndo(service: ServiceEntry, effect: string): boolean {
    const { succeeds, fails } = this.#manifest;
    const ends = (outcome: ManifestOutcome) =>
      outcome.some((type) => succeeds.includes(type) || fails.includes(type));
    return (
      service.begins.map(stem).includes(effect) ||
      service.reactions.some(({ undoes }) => undoes === effect) ||
      service.reactions.some((reaction) =>
        reaction.emits.some(
          (outcome) => this.of(service, reaction, outcome) === effect && !ends(outcome),
        ),
      )
    );
  }

  namesOf(service: ServiceEntry, reaction: ReactionEntry): readonly string[] {
    if (reaction.undoes !== undefined) return [reaction.undoes];
    return [
      ...new Set(reaction.emits.flatMap((outcome) => this.of(service, reaction, outcome) ?? [])),
    ];
  }

  all(service: ServiceEntry): readonly string[] {
    return [
      ...service.begins.map(stem),
      ...service.reactions.flatMap((reaction) =>
        // The service never does what only an undo names.
        reaction.kind === "undo" ? [] : this.namesOf(service, reaction),
      ),
    ];
  }
}
