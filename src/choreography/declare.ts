import { type Duration, parseDuration } from "../contract/duration.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import { defaultDeadlineName, defaultName, type Named } from "../contract/names.ts";
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
import type { GivenUp, Name } from "./verbs.ts";

/*
 * Turns the arguments of the verbs, typed event by event, into declarations, where every event is
 * an `EventEnvelope`. Handlers are methods here, since TypeScript compares the parameters of
 * methods in both directions. `runtime/` calls a handler only with events that its declaration
 * hears.
 */

interface OnParkedInput {
  readonly emits: EventContract;
  handle(delivery: GivenUp<EventEnvelope>): Fact;
}

interface CommonInput<Native> {
  readonly name?: string;
  readonly was?: readonly string[];
  readonly firstOf?: Name;
  readonly max?: number;
  readonly emits?: readonly Outcome[];
  readonly fails?: readonly Outcome[];
  readonly late?: {
    readonly emits?: readonly Outcome[];
    handle(event: EventEnvelope, context: Context<Native>): unknown;
  };
  readonly onParked?: OnParkedInput;
  readonly suppress?: Readonly<Record<string, string>>;
}

interface StepInput<Native> extends CommonInput<Native> {
  readonly readonly?: boolean;
  readonly effect?: Name;
  key?(event: EventEnvelope): string;
  handle(event: EventEnvelope, context: Context<Native>): unknown;
}

interface Acknowledge {
  make(event: EventEnvelope): Fact;
}

interface Key {
  of(event: EventEnvelope): string;
}

interface UndoInput<Native> extends CommonInput<Native> {
  readonly on: readonly EventContract[];
  readonly onEmpty?: "ack" | "silent" | Acknowledge["make"];
  readonly key?: Key["of"] | "all";
  handle(event: EventEnvelope, context: Context<Native>): unknown;
}

interface JoinInput<Native> extends CommonInput<Native> {
  readonly readonly?: boolean;
  readonly effect?: Name;
  readonly optional?: readonly EventContract[];
  handle(events: readonly (EventEnvelope | undefined)[], context: Context<Native>): unknown;
}

interface DeadlineInput<Native> {
  readonly name?: string;
  readonly was?: readonly string[];
  readonly after: Duration;
  readonly unless: readonly EventContract[];
  readonly emits: readonly [EventContract];
  readonly onParked?: OnParkedInput;
  readonly suppress?: Readonly<Record<string, string>>;
  handle?(event: EventEnvelope, context: Context<Native>): unknown;
}

export function declareStep<Native>(
  hears: readonly EventContract[],
  input: StepInput<Native>,
): StepDeclaration<Native> {
  const heard = hears.map((contract) => contract?.type ?? "");
  const name = input.name ?? defaultName({ kind: "step", hears: heard, undoes: undefined });
  return {
    kind: "step",
    ...common(name ?? (hears.length > 1 ? needed("on", heard) : ""), hears, input),
    readonly: input.readonly ?? false,
    effect: namedOf(input.effect),
    key: input.key,
    handle: input.handle,
  };
}

export function declareUndo<Native>(
  effect: string,
  input: UndoInput<Native>,
): UndoDeclaration<Native> {
  const name = input.name ?? defaultName({ kind: "undo", hears: [], undoes: effect });
  const base = common(name ?? effect, input.on, input);
  const first = base.emits[0]?.[0];
  const acknowledge = acknowledgement(input.onEmpty ?? "ack", first);
  return {
    kind: "undo",
    ...base,
    effect,
    key: input.key,
    acknowledge,
    handle: input.handle,
  };
}

export function declareJoin<Native>(
  events: readonly EventContract[],
  input: JoinInput<Native>,
): JoinDeclaration<Native> {
  const types = events.map((contract) => contract?.type ?? "");
  const name = input.name ?? needed("onAll", types);
  return {
    kind: "join",
    ...common(name, events, input),
    readonly: input.readonly ?? false,
    effect: namedOf(input.effect),
    optional: input.optional ?? [],
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
    name: input.name ?? defaultDeadlineName(emits?.type ?? ""),
    was: input.was ?? [],
    armedBy,
    unless: input.unless,
    afterMs: parseDuration(input.after),
    emits,
    onParked: input.onParked && onParkedOf(input.onParked),
    suppress: input.suppress ?? {},
    handle: input.handle ?? ((event) => emits.from(event.data)),
  };
}

function namedOf(name: Name | undefined): Named | undefined {
  if (name === undefined) return undefined;
  return typeof name === "string" ? { name, was: [] } : { name: name.name, was: name.was };
}

function needed(verb: string, types: readonly string[]): never {
  throw new OdoriError("NAME_NEEDED", `.${verb}([${types.join(", ")}]) needs a name.`, {
    hint: "Add { name: … } and keep it: a name made of a list would change with the list.",
  });
}

function common<Native>(name: string, hears: readonly EventContract[], input: CommonInput<Native>) {
  return {
    name,
    was: input.was ?? [],
    hears,
    emits: outcomesOf(input.emits, [[]]),
    fails: outcomesOf(input.fails, []),
    firstOf: namedOf(input.firstOf),
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

function onParkedOf(onParked: OnParkedInput): OnParkedDeclaration {
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
