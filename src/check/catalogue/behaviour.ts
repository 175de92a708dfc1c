import type { BehaviourCode } from "../violation.ts";
import type { FindingEntry } from "./entry.ts";

/** What exploration finds: each has a counterexample. */
export const BEHAVIOUR: Readonly<Record<BehaviourCode, FindingEntry>> = {
  STUCK: {
    meaning:
      "Nothing is left to happen, and the saga has reached neither a success nor a failure end.",
    hint:
      "Let a service hear the last event of the counterexample, or emit an end there. Mostly an " +
      "undo lacks one event in its `on`.",
  },
  MIXED_END: {
    meaning:
      "One saga reaches a success end and a failure end, so two services believe two stories.",
    hint: "Let the first one win: give the reactions that end the saga one `firstOf`.",
  },
  DOUBLE_END: {
    meaning: "One end is emitted twice in one saga, so a service that counts ends counts too many.",
    hint: "Give the reactions that emit the end one `firstOf`, or let one reaction emit it.",
  },
  ORPHAN: {
    meaning:
      "The saga fails while an effect is still done, although an undo of it is declared: the " +
      "undo does not hear that the saga failed on this way.",
    hint: "Add the event that tells the failure to the `on` of the undo.",
  },
  NO_UNDO: {
    meaning: "The saga fails while an effect is still done, and no undo names that effect.",
    hint: "Declare an undo in the service of the effect, or `readonly` if nothing is to reverse.",
  },
  EARLY_END: {
    meaning:
      "A failure end is emitted while an effect is still done. A service that hears the end " +
      "believes that all is reversed, and that is true only later.",
    hint:
      "Let the service that emits the end wait for the event of the undo. If being told early is " +
      'right, accept it with a reason: `suppress: { EARLY_END: "…" }`.',
  },
  UNDONE_ON_SUCCESS: {
    meaning: "The saga succeeds, and an effect of it is undone.",
    hint:
      "Let the undo and the reaction that ends the saga share one `firstOf`. If exactly one of " +
      "several effects is to be kept, say so in `oneOf`.",
  },
  ONE_OF: {
    meaning: "A saga succeeds with none of the effects of `oneOf` kept, or with more than one.",
    hint: "Undo the others, or let `firstOf` admit only one of them.",
  },
  EMPTY_ROLLBACK: {
    meaning:
      "In a service without a fence, an undo runs before its step: it reverses something that " +
      "never happened.",
    hint:
      "Record in one transaction which effects are done and undone (Odori does), and declare " +
      "`fence: true`.",
  },
  HANGING: {
    meaning:
      "In a service without a fence, a step runs after its undo. The effect stays, and no undo " +
      "will come again.",
    hint: "Let the undo bar the step: a fence. Odori has one; others must build it.",
  },
  DOUBLE_EFFECT: {
    meaning: "In a service without inbox and fence, a message that comes twice takes effect twice.",
    hint: "Recognise the second delivery by the id of the event, in the transaction of the effect.",
  },
  DOUBLE_COMPENSATION: {
    meaning: "In a service without inbox and fence, an effect is reversed twice.",
    hint: "Recognise the second delivery by the id of the event, in the transaction of the undo.",
  },
  UNDO_ORDER: {
    meaning: "An effect is undone while one that `undoOrder` puts before it is still done.",
    hint: "Let the later undo hear the event of the earlier one.",
  },
  AFTER_PIVOT: {
    meaning:
      "The saga fails, or takes back an effect, after its pivot: the event after which a saga " +
      "must not turn back.",
    hint: "Move what may fail before the pivot, or retry it until it succeeds.",
  },
  LOCK_LEAK: {
    meaning: "A saga ends while a lock of the choreography is held.",
    hint: "Emit one of the events that release the lock on the way of the counterexample too.",
  },
  PARKED_STUCK: {
    meaning:
      "A service may give up on a delivery (`mayPark`, or retention has passed), and the saga " +
      "then stands still or keeps an effect until a person acts.",
    hint: "Declare `onParked`, or a deadline of a service that waits for the answer.",
  },
  UNBOUNDED_LOOP: {
    meaning: "Reactions cause one another without end: a retry that nothing bounds.",
    hint: "Bound it with `max`, and say in `late` what follows then.",
  },
  EFFECT_GONE: {
    meaning:
      "Between two versions: an undo of the new version does not know an effect that the old one " +
      "did, so a saga in flight keeps it.",
    hint: 'Say what the effect was called before: `effect: { name, was: ["…"] }`.',
  },
  DEADLINE_GONE: {
    meaning: "Between two versions: a deadline that the old version armed is not in the new one.",
    hint: "Keep the deadline until none is armed, say what it `was`, or retire it.",
  },
  REACTION_GONE: {
    meaning:
      "Between two versions: a delivery that the old version put off has no reaction in the new " +
      "one.",
    hint: 'Say what the reaction was called before: `was: ["…"]`.',
  },
  DEDUP_LOST: {
    meaning:
      "Between two versions: a message that the old version has handled comes again, and the new " +
      "version does not recognise it, since the reaction has another name.",
    hint: 'Say what the reaction was called before: `was: ["…"]`.',
  },
};
