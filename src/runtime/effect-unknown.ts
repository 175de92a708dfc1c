import { OdoriError } from "../contract/errors.ts";

/** Parks an undo instead of acknowledging it: something is done that it may be meant to reverse. */
export class EffectUnknownError extends OdoriError {
  /** Whether the declaration of a newer version is read before this is said for good. */
  readonly provisional: boolean;

  constructor(reaction: string, strange: readonly string[], provisional: boolean) {
    super(
      "EFFECT_UNKNOWN",
      `${reaction} finds no mark of its effect, but the saga has ${strange.join(", ")} done, ` +
        "which no reaction of this service declares.",
      {
        hint:
          "Deploy a declaration that says what became of it: effect: { name, was }. " +
          "Then retry the delivery.",
      },
    );
    this.provisional = provisional;
  }
}
