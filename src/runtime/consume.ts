import type { Context } from "../choreography/context.ts";
import type { EventEnvelope, MessageHead } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Fact } from "../contract/event.ts";
import { parseMark } from "../contract/names.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { Disposition } from "../ports/journal.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Attempt } from "./attempt.ts";
import { touchDeadlines } from "./deadlines.ts";
import { decide, EFFECT_STATE, isOfAllKeys, runsOf } from "./decide.ts";
import { Delivery } from "./delivery.ts";
import type { Draft } from "./draft.ts";
import { EffectUnknownError } from "./effect-unknown.ts";
import { keyOfFacts, toFacts, undeclared } from "./emit.ts";
import { type Failure, FailureTask, reactionTarget } from "./failure.ts";
import { fenceForgotten, isForgotten, markForgotten } from "./forgotten.ts";
import { dueNow, heldBack, isComplete } from "./join.ts";
import { Marks } from "./marks.ts";
import { parsed } from "./parse.ts";
import { type MarkNames, markNames, type ReactionPlan, strangeEffects } from "./plan.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

type JoinedEvents = readonly (EventEnvelope | undefined)[];
type Work<Native> = (context: Context<Native>) => unknown;

/** What one run of a delivery works with. */
interface Run<Native> {
  readonly scope: Scope<Native>;
  readonly draft: Draft;
  readonly received: Received;
  readonly marks: Marks;
  readonly names: MarkNames;
  /** Parsed with its contract. */
  readonly event: EventEnvelope;
}

/**
 * One delivery to one reaction. The inbox and the fence say whether its handler runs; inbox, fence
 * and outbox rows are drafted for the same commit. `event` is as it was received: it is parsed at
 * each run.
 */
export class Consume<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly cause: MessageHead;
  readonly #context: TaskContext<Native>;
  readonly #plan: ReactionPlan<Native>;
  readonly #event: EventEnvelope;
  readonly #delivery: Delivery;
  /** Whether the payload fitted its contract when it was last parsed. */
  #valid = false;

  constructor(
    context: TaskContext<Native>,
    plan: ReactionPlan<Native>,
    event: EventEnvelope,
    attempt: Attempt,
    completion: Completion,
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#event = event;
    this.completion = completion;
    this.cause = event;
    this.#delivery = Delivery.of(plan.stored, event, attempt);
    this.receipt = this.#delivery.receipt({ gathers: plan.reaction.kind === "join" });
    this.fields = this.#delivery.fields;
  }

  run(received: Received, scope: Scope<Native>): void | Promise<void> {
    switch (received.status) {
      case "duplicate":
        scope.draft.duplicates.push(this.receipt);
        return;
      case "gone":
        return;
      case "blocked":
        return this.#wait(scope.draft);
      case "fresh":
        markForgotten(this.#context, received, this.receipt, scope.draft);
        return this.#react(this.#runOf(received, scope));
    }
  }

  recover(error: unknown): Task<Native> {
    const target = reactionTarget(this.#plan);
    const failure = { delivery: this.#delivery, ...this.#payload(), error };
    return new FailureTask(this.#context, target, failure, this.completion);
  }

  /** The handler may have changed what it was given: `onParked` gets the payload as it came. */
  #payload(): Pick<Failure, "event" | "valid"> {
    const unread = { event: this.#event, valid: false };
    if (!this.#valid) return unread;
    try {
      return { event: this.#parsed(), valid: true };
    } catch {
      // A schema that asks the clock, for one, may have accepted it a moment ago.
      return unread;
    }
  }

  #runOf(received: Received, scope: Scope<Native>): Run<Native> {
    this.#valid = false;
    const { refused } = this.#delivery.attempt;
    if (refused !== undefined) throw refused;
    const event = this.#parsed();
    this.#valid = true;
    const names = markNames(this.#plan, event);
    return { scope, draft: scope.draft, received, marks: new Marks(received), names, event };
  }

  #parsed(): EventEnvelope {
    const { reaction, contracts } = this.#plan;
    const { type } = this.#event;
    const contract = contracts.get(type);
    if (contract === undefined)
      throw new OdoriError("UNKNOWN_TYPE", `The reaction ${reaction.name} does not hear ${type}.`);
    return parsed(this.#event, contract);
  }

  #react(run: Run<Native>): void | Promise<void> {
    const { reaction, stored } = this.#plan;
    this.#checkKnown(run);
    const decision = decide(this.#plan, run.names, run.marks);
    if (decision === "suppress") return this.#record(run.draft, "suppressed");
    if (decision === "acknowledge") return this.#acknowledge(run);
    if (reaction.kind === "join") {
      const events = this.#gathered(run);
      if (events === undefined) return this.#gather(run);
      const { sagaId } = this.#event;
      run.draft.drop.push({ reaction: stored, sagaId, state: "gathered" });
      this.#mark(run.draft, run.names.join, "fired");
      if (decision === "late") return this.#late(run);
      return this.#call(run, (context) => reaction.handle(events, context));
    }
    if (decision === "late") return this.#late(run);
    return this.#call(run, (context) => reaction.handle(run.event, context));
  }

  /** A saga may be forgotten that has marks of this reaction: then a person decides. */
  #checkKnown({ received, marks, names }: Run<Native>): void {
    if (!isForgotten(this.#context, received, this.receipt)) return;
    const { firstOf, max, join, effects } = names;
    const fenced = [...effects, firstOf, max, join].some((name) => name !== undefined);
    const undoes = this.#plan.reaction.kind === "undo";
    // An undo without its mark would say that it has undone what it has not.
    const own = isOfAllKeys(this.#plan.reaction) ? [...effects, ...marks.keyed(effects)] : effects;
    const refused = undoes
      ? own.every((name) => marks.of(name) === undefined)
      : fenced && !this.#delivery.attempt.accepted;
    if (refused) throw fenceForgotten(this.#event.sagaId);
  }

  #call(run: Run<Native>, work: Work<Native>): void | Promise<void> {
    const returned = this.#invoke(run, work);
    if (returned instanceof Promise) return returned.then((value) => this.#finish(run, value));
    return this.#finish(run, returned);
  }

  #invoke({ scope }: Run<Native>, work: Work<Native>): unknown {
    return this.#context.handlers.call(scope, this.#delivery.attempt.number, this.fields, work);
  }

  /**
   * Takes what the handler returned: its facts must be a declared outcome, and decide what the
   * fence says from now on.
   */
  #finish(run: Run<Native>, returned: unknown): void {
    this.#context.probe("handled");
    const { reaction, stored, outcomes, effects } = this.#plan;
    const { draft, names } = run;
    const facts = toFacts(returned);
    const outcome = outcomes.get(keyOfFacts(facts));
    if (outcome === undefined) throw undeclared(reaction.name, facts, [...outcomes.keys()]);
    const undoes = reaction.kind === "undo";
    const effect = undoes && !outcome.failure ? effects[0] : outcome.effect;
    // An undo that has failed leaves its effect done: the next cause tries it again.
    if (effect !== undefined)
      this.#mark(
        draft,
        names.effects[effects.indexOf(effect)],
        undoes ? EFFECT_STATE.undone : EFFECT_STATE.done,
      );
    if (effect !== undefined && isOfAllKeys(reaction))
      for (const name of run.marks.keyed(names.effects))
        if (run.marks.of(name) === EFFECT_STATE.done) this.#mark(draft, name, EFFECT_STATE.undone);
    this.#mark(draft, names.firstOf, stored);
    this.#mark(draft, names.max, String(runsOf(names, run.marks) + 1));
    const done = undoes ? "undone" : "done";
    this.#emit(run, outcome.failure ? "refused" : done, effect, facts);
  }

  #late(run: Run<Native>): void | Promise<void> {
    const { name, late } = this.#plan.reaction;
    if (late === undefined) return this.#record(run.draft, "late");
    const finish = (returned: unknown) => {
      this.#context.probe("handled");
      const facts = toFacts(returned);
      const { lateOutcomes } = this.#plan;
      if (!lateOutcomes.has(keyOfFacts(facts))) throw undeclared(name, facts, [...lateOutcomes]);
      this.#emit(run, "late", undefined, facts);
    };
    const returned = this.#invoke(run, (context) => late.handle(run.event, context));
    return returned instanceof Promise ? returned.then(finish) : finish(returned);
  }

  #acknowledge(run: Run<Native>): void {
    const { reaction, stored, effects } = this.#plan;
    if (reaction.kind !== "undo") return;
    this.#checkEffects(run);
    this.#mark(run.draft, run.names.effects[0], EFFECT_STATE.barred);
    this.#mark(run.draft, run.names.firstOf, stored);
    const fact = reaction.acknowledge?.(run.event);
    this.#emit(run, "barred", effects[0], fact === undefined ? [] : [fact]);
  }

  /** Parks an undo without its mark while an effect is there that may be its own. */
  #checkEffects({ received }: Run<Native>): void {
    const { plan, versions } = this.#context;
    const { reaction, effects } = this.#plan;
    const own = {
      name: effects[0] ?? "",
      keyed: plan.effects.get(effects[0] ?? "")?.keyed === true,
    };
    const strange = strangeEffects(plan, received.marks).map((mark) => {
      const { name, key } = parseMark(mark);
      return { mark, name, keyed: key !== undefined };
    });
    const unknown = strange.filter((effect) => !versions.isBeside(effect, own));
    if (unknown.length === 0) return;
    // A process of a newer version may have started beside this one: its declaration is read first.
    const sought = unknown.filter((effect) => versions.mayBeNew(effect));
    const marks = unknown.map(({ mark }) => mark);
    throw new EffectUnknownError(reaction.name, marks, sought.length > 0);
  }

  /** The events of a join in the order in which it names them; undefined while it waits for one. */
  #gathered({ received, event }: Run<Native>): JoinedEvents | undefined {
    const { contracts, reaction } = this.#plan;
    const types = [event.type, ...received.gathered.map((kept) => kept.event.type)];
    if (!isComplete(this.#plan, types)) return undefined;
    return reaction.hears.map((contract) => {
      const kept = received.gathered.find((one) => contracts.get(one.event.type) === contract);
      if (kept !== undefined) return parsed(kept.event, contract);
      return event.type === contract.type ? event : undefined;
    });
  }

  #gather({ received, draft }: Run<Native>): void {
    const { contracts } = this.#plan;
    const part = contracts.get(this.#event.type);
    const known = received.gathered.some(({ event }) => contracts.get(event.type) === part);
    if (!known) {
      draft.defer.push(this.#delivery.deferral({ state: "gathered", problem: undefined }));
      const seq = heldBack(this.#plan, this.#event.type, received.gathered);
      if (seq !== undefined) draft.redefer.push(dueNow(seq));
    }
    this.#record(draft, known ? "suppressed" : "gathered");
  }

  #wait(draft: Draft): void {
    draft.defer.push(this.#delivery.deferral({ state: "waiting", problem: undefined }));
    draft.journal.push(this.#delivery.entry("waiting"));
  }

  #emit(
    { scope, draft, marks, received }: Run<Native>,
    disposition: Disposition,
    effect: string | undefined,
    facts: readonly Fact[],
  ): void {
    const { reaction, stored, deadlines } = this.#plan;
    const consumer = `${this.#context.plan.service.name}/${stored}`;
    const now = this.#context.environment.now();
    const once = reaction.kind === "join";
    const origin = this.#delivery.origin(consumer, received, now, { once, trace: scope.trace });
    const events = this.#context.emitter.derive(origin, facts);
    draft.enqueue.push(...this.#context.emitter.inAllVersions(events));
    touchDeadlines(deadlines, marks, events, draft);
    this.#record(draft, disposition, effect, events);
  }

  #mark(draft: Draft, name: string | undefined, state: string): void {
    if (name !== undefined) draft.marks.push({ sagaId: this.#event.sagaId, name, state });
  }

  #record(
    draft: Draft,
    disposition: Disposition,
    effect?: string,
    events: readonly EventEnvelope[] = [],
  ): void {
    const entry = this.#delivery.entry(disposition, effect, events);
    const durationMs = this.#context.handlers.elapsedMs(draft);
    draft.finish({ ...entry, durationMs }, this.#delivery.attempt);
  }
}
