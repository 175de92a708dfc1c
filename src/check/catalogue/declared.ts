import type { StaticCode } from "../finding.ts";
import type { FindingEntry } from "./entry.ts";

/** What is found in the declarations themselves. */
export const DECLARED: Readonly<Record<StaticCode, FindingEntry>> = {
  UNHEARD: {
    meaning:
      "A service emits an event that no service hears, and that is not an end of the saga. " +
      "Mostly a name is misspelt on one side.",
    hint: "Let a service hear it, list it in `external` if others hear it, or stop emitting it.",
  },
  NEVER_EMITTED: {
    meaning: "A service hears an event, or has a deadline about one, that no service emits.",
    hint: "Let a service emit it, or list it in `arrives` if it comes from outside.",
  },
  FOREIGN_UNDO: {
    meaning: "A service undoes an effect of another service, whose rows it does not own.",
    hint: "Let the owner of the effect undo it, and hear the event of that.",
  },
  UNKNOWN_EFFECT: {
    meaning: "An undo names something that is not an effect of its service.",
    hint:
      "Name an effect: the first event of a success outcome, or an event with which the service " +
      "begins sagas.",
  },
  UNKNOWN_NAME: {
    meaning: "A list of the choreography has a name that no service emits or does.",
    hint: "Correct the name; the hint has the nearest one.",
  },
  CONTRADICTION: {
    meaning: "Two sources say two different things of one service, event or list.",
    hint: "Let one of them say it, or make both say the same.",
  },
  LINKS_UNKNOWN: {
    meaning: "An overlay names a service or a message that no AsyncAPI document has.",
    hint: "Correct the name, or add the document that has it.",
  },
  LINKS_INCOMPLETE: {
    meaning: "An AsyncAPI document has a service or a message that the links of the overlay lack.",
    hint: "Add the link, or suppress this with the reason why the saga needs none.",
  },
  DEAD_REACTION: {
    meaning: "A reaction, or a deadline, can in no saga ever take effect.",
    hint: "Remove it, or let the event that it waits for happen while it can still run.",
  },
  NO_SUCCESS: {
    meaning: "No saga can begin, or none can reach a success end.",
    hint: "List the beginning in `begins`, and let a service emit an event of `succeeds`.",
  },
  EMPTY_UNDO_TOLD: {
    meaning:
      "An undo that has nothing to undo still emits an event to the outside: a refund is " +
      "announced for a payment that was never taken.",
    hint:
      'Declare `onEmpty: "silent"`. If the saga needs an acknowledgement, let the undo emit an ' +
      "event for that first, and the event for the outside after it.",
  },
  DEADLINE_OUTLIVES_END: {
    meaning: "A deadline is still armed when the saga has ended, and fires into a closed saga.",
    hint: "Add the end to `unless`, or an event that comes before it.",
  },
  BAD_SUPPRESSION: {
    meaning: "A `suppress` names a code that cannot be accepted, such as a counterexample.",
    hint: "Remove it, and repair what the code says.",
  },
  UNKNOWN_LINKS: {
    meaning:
      "Documents say what services send and receive, and not what follows from what. Nothing was " +
      "explored.",
    hint: "Write the links into an overlay: `odori link init <document…> > links.yaml`.",
  },
  NOT_EXHAUSTIVE: {
    meaning: "The search ended before every state was visited. What was not visited is not proved.",
    hint: "Raise `--states` or `--seconds`, or check parts of the choreography separately.",
  },
};
