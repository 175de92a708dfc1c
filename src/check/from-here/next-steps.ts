import { storedDeadline, storedReaction } from "../../manifest/hazards.ts";
import type { Machine } from "../machine.ts";
import {
  type ChoiceKind,
  deliveryMadeBy,
  type ModelDeadline,
  type ModelReaction,
  reactionRunBy,
  type TransitionSource,
} from "../model.ts";
import { PLAIN } from "../rulings.ts";
import { emissionsBy, type RestKind, restOf } from "./look-ahead.ts";

/** What may come of the next step, and how the saga goes on if nothing else fails. */
export interface NextOutcome {
  readonly kind: "nothing" | Exclude<ChoiceKind, "forget">;
  readonly emits: readonly string[];
  /** The events that follow, in one possible order. */
  readonly follows: readonly string[];
  /** How the saga comes to rest follows; undefined if it may go on for ever. */
  readonly rest: RestKind | undefined;
}

/** A step that a saga waits for. */
export interface NextStep {
  /** Undefined for an event from outside, which may never come. */
  readonly service: string | undefined;
  /** The stored name of the reaction or deadline. */
  readonly name: string | undefined;
  /** Undefined where a deadline passes, and for an event from outside. */
  readonly hears: string | undefined;
  readonly outcomes: readonly NextOutcome[];
}

/** Most steps that are followed. */
const STEPS_MAX = 500;

/** Lists the steps that a saga waits for in a state, each with its outcomes. */
export function nextSteps(machine: Machine, state: Uint8Array): readonly NextStep[] {
  const certain: TransitionSource[] = [];
  const possible: TransitionSource[] = [];
  machine.enabled(state, certain, possible);
  return [...certain, ...possible].map((source) => {
    const outcomes = machine.choices(state, source).flatMap((choice) => {
      const kind = kindOf(source, choice);
      if (kind === "forget") return [];
      const after = state.slice();
      machine.apply(after, source, choice);
      const emits = emissionsBy(source, choice).map(({ type }) => type);
      return [{ kind, emits, ...follow(machine, after) }];
    });
    return { ...partRunBy(source), hears: deliveryMadeBy(source)?.types[0], outcomes };
  });
}

function partRunBy(source: TransitionSource): Pick<NextStep, "service" | "name"> {
  const reaction = reactionRunBy(source);
  if (reaction !== undefined) return named(reaction, storedReaction(reaction.entry));
  const deadline = source.kind === "deadline" ? source.deadline : deliveryMadeBy(source)?.deadline;
  if (deadline !== undefined) return named(deadline, storedDeadline(deadline.entry));
  return { service: undefined, name: undefined };
}

function named({ service }: ModelReaction | ModelDeadline, name: string) {
  return { service: service.name, name };
}

function kindOf(source: TransitionSource, choice: number): ChoiceKind | "nothing" {
  if (choice === PLAIN) return source.kind === "arrival" ? "success" : "nothing";
  const choices =
    source.kind === "deadline" ? source.deadline.choices : reactionRunBy(source)?.choices;
  return choices?.[choice]?.kind ?? "nothing";
}

/** Follows a saga in which each step takes its first outcome, and deadlines pass last. */
function follow(machine: Machine, from: Uint8Array): Pick<NextOutcome, "follows" | "rest"> {
  const state = from.slice();
  const follows: string[] = [];
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const certain: TransitionSource[] = [];
    machine.enabled(state, certain, []);
    const source = certain.find(({ kind }) => kind !== "deadline") ?? certain[0];
    if (source === undefined) return { follows, rest: restOf(state) };
    const [choice = PLAIN] = machine.choices(state, source);
    follows.push(...emissionsBy(source, choice).map(({ type }) => type));
    machine.apply(state, source, choice);
    machine.broken.length = 0;
  }
  return { follows, rest: undefined };
}
