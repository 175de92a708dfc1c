import { type Duration, parseDuration } from "../contract/duration.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import type { Context } from "./context.ts";
import type {
  DeadlineDeclaration,
  JoinDeclaration,
  LateDeclaration,
  OnParkedDeclaration,
  OutcomeList,
  StepDeclaration,
  UndoDeclaration,
} from "./declaration.ts";
import { contractsOf, type Outcome } from "./outcome.ts";
import type { GivenUp } from "./verbs.ts";

/*
 * Turns the arguments of the verbs, typed event by event, into declarations, where every event is
 * an `EventEnvelope`. Handlers are methods here, since TypeScript compares the parameters of
 * methods in both directions. `runtime/` calls a handler only with events that its declaration
 * hears.
 */

interface CommonInput<Native> {
  readonly name?: string;
  readonly firstOf?: string;
  readonly max?: number;
  readonly emits?: readonly Outcome[];
  readonly fails?: readonly Outcome[];
  readonly late?: {
    readonly emits?: readonly Outcome[];
    handle(event: EventEnvelope, context: Context<Native>): unknown;
  };
  readonly onParked?: {
    readonly emits: EventContract;
    handle(delivery: GivenUp<EventEnvelope>): Fact;
  };
  readonly suppress?: Readonly<Record<string, string>>;
}

interface StepInput<Native> extends CommonInput<Native> {
  readonly readonly?: boolean;
  key?(event: EventEnvelope): string;
  handle(event: EventEnvelope, context: Context<Native>): unknown;
}

interface Acknowledge {
  make(event: EventEnvelope): Fact;
}

interface UndoInput<Native> extends CommonInput<Native> {
  readonly on: readonly EventContract[];
  readonly onEmpty?: "ack" | "silent" | Acknowledge["make"];
  key?(event: EventEnvelope): string;
  handle(event: EventEnvelope, context: Context<Native>): unknown;
}

interface JoinInput<Native> extends CommonInput<Native> {
  readonly readonly?: boolean;
  handle(events: readonly EventEnvelope[], context: Context<Native>): unknown;
}

interface DeadlineInput<Native> {
  readonly name?: string;
  readonly after: Duration;
  readonly unless: readonly EventContract[];
  readonly emits: readonly [EventContract];
  readonly suppress?: Readonly<Record<string, string>>;
  handle?(event: EventEnvelope, context: Context<Native>): unknown;
}

export function declareStep<Native>(
  hears: readonly EventContract[],
  input: StepInput<Native>,
): StepDeclaration<Native> {
  const name = input.name ?? hears.map((contract) => contract?.type).join("|");
  return {
    kind: "step",
    ...common(name, hears, input),
    readonly: input.readonly ?? false,
    key: input.key,
    handle: input.handle,
  };
}

export function declareUndo<Native>(
  effect: EventContract,
  input: UndoInput<Native>,
): UndoDeclaration<Native> {
  const name = input.name ?? `undo ${effect?.type}`;
  const base = common(name, input.on, input);
  const first = base.emits[0]?.[0];
  const acknowledge = acknowledgement(input.onEmpty ?? "ack", first);
  return {
    kind: "undo",
    ...base,
    effect: effect?.type,
    key: input.key,
    acknowledge,
    handle: input.handle,
  };
}

export function declareJoin<Native>(
  events: readonly EventContract[],
  input: JoinInput<Native>,
): JoinDeclaration<Native> {
  const name = input.name ?? `all ${events.map((contract) => contract?.type).join("+")}`;
  return {
    kind: "join",
    ...common(name, events, input),
    readonly: input.readonly ?? false,
    handle: input.handle,
  };
}

export function declareDeadline<Native>(
  armedBy: EventContract,
  input: DeadlineInput<Native>,
): DeadlineDeclaration<Native> {
  const emits = input.emits[0];
  return {
    kind: "deadline",
    name: input.name ?? `deadline ${emits?.type}`,
    armedBy,
    unless: input.unless,
    afterMs: parseDuration(input.after),
    emits,
    suppress: input.suppress ?? {},
    handle: input.handle ?? ((event) => emits.from(event.data)),
  };
}

function common<Native>(name: string, hears: readonly EventContract[], input: CommonInput<Native>) {
  return {
    name,
    hears,
    emits: outcomesOf(input.emits, [[]]),
    fails: outcomesOf(input.fails, []),
    firstOf: input.firstOf,
    max: input.max,
    late: input.late && lateOf(input.late),
    onParked: input.onParked && onParkedOf(input.onParked),
    suppress: input.suppress ?? {},
  };
}

function outcomesOf(
  outcomes: readonly Outcome[] | undefined,
  otherwise: readonly OutcomeList[],
): readonly OutcomeList[] {
  return outcomes === undefined || outcomes.length === 0 ? otherwise : outcomes.map(contractsOf);
}

function lateOf<Native>(late: NonNullable<CommonInput<Native>["late"]>): LateDeclaration<Native> {
  return { emits: outcomesOf(late.emits, [[]]), handle: late.handle };
}

function onParkedOf<Native>(
  onParked: NonNullable<CommonInput<Native>["onParked"]>,
): OnParkedDeclaration {
  return {
    emits: onParked.emits,
    make: (event, valid, problem) => onParked.handle({ valid, event, problem }),
  };
}

function acknowledgement(
  onEmpty: NonNullable<UndoInput<never>["onEmpty"]>,
  first: EventContract | undefined,
) {
  if (onEmpty === "silent" || first === undefined) return undefined;
  return onEmpty === "ack" ? (event: EventEnvelope) => first.from(event.data) : onEmpty;
}
