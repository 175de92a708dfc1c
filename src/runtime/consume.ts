import type { Context } from "../choreography/context.ts";
import { encodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Fact } from "../contract/event.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { Disposition, JournalEntry } from "../ports/journal.ts";
import type { LogFields } from "../ports/logger.ts";
import { BARRED, DONE, decide, runsOf, UNDONE } from "./decide.ts";
import type { Draft } from "./draft.ts";
import { emissionsOf, type Origin, toFacts, touchDeadlines } from "./emit.ts";
import { FailureTask } from "./failure.ts";
import { type MarkNames, markNames, type ReactionPlan } from "./plan.ts";
import type { Scope, Task } from "./task.ts";
import type { Attempt, Completion, TaskContext } from "./task-context.ts";

type Work<Native> = (context: Context<Native>) => unknown;

/**
 * One delivery to one reaction: the inbox and the fence say whether it is to be handled, its
 * handler runs, and inbox, fence and outbox rows are drafted for the same commit. `event` has been
 * validated against its contract.
 */
export class Consume<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly #context: TaskContext<Native>;
  readonly #plan: ReactionPlan<Native>;
  readonly #event: EventEnvelope;
  readonly #attempt: Attempt;
  readonly completion: Completion;
  readonly #names: MarkNames;

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
    this.#attempt = attempt;
    this.completion = completion;
    this.#names = markNames(plan, event);
    const reaction = plan.reaction.name;
    const { source, id, sagaId } = event;
    this.receipt = {
      reaction,
      source,
      id,
      sagaId,
      marks: this.#names.all,
      gathers: plan.reaction.kind === "join",
      deferred: attempt.deferred,
    };
    this.fields = { reaction, sagaId, correlationId: event.correlationId, eventId: id };
  }

  run(received: Received, scope: Scope<Native>): void | Promise<void> {
    switch (received.status) {
      case "duplicate":
      case "gone":
        return;
      case "blocked":
        return this.#wait(scope.draft);
      case "fresh":
        return this.#react(received, scope);
    }
  }

  recover(error: unknown): Task<Native> {
    const { reaction, deadlines } = this.#plan;
    const target = { name: reaction.name, onParked: reaction.onParked, deadlines };
    return new FailureTask(
      this.#context,
      target,
      { event: this.#event, valid: true, error, attempt: this.#attempt },
      this.completion,
    );
  }

  #react(received: Received, scope: Scope<Native>): void | Promise<void> {
    const { reaction } = this.#plan;
    const decision = decide(this.#plan, this.#names, received.marks);
    if (decision === "suppress") return this.#record(scope.draft, "suppressed", undefined, []);
    if (decision === "acknowledge") return this.#acknowledge(received, scope.draft);
    if (reaction.kind === "join") {
      const events = this.#gathered(received);
      if (events === undefined) return this.#gather(received, scope.draft);
      scope.draft.drop.push({
        reaction: reaction.name,
        sagaId: this.#event.sagaId,
        state: "gathered",
      });
      this.#mark(scope.draft, this.#names.join, "fired");
      if (decision === "late") return this.#late(received, scope);
      return this.#call(received, scope, (context) => reaction.handle(events, context));
    }
    if (decision === "late") return this.#late(received, scope);
    return this.#call(received, scope, (context) => reaction.handle(this.#event, context));
  }

  #call(received: Received, scope: Scope<Native>, work: Work<Native>): void | Promise<void> {
    const returned = this.#invoke(scope, work);
    if (returned instanceof Promise)
      return returned.then((value) => this.#finish(received, scope.draft, value));
    return this.#finish(received, scope.draft, returned);
  }

  #invoke(scope: Scope<Native>, work: Work<Native>): unknown {
    return this.#context.handlers.call(scope.tx, this.#attempt.number, this.fields, work);
  }

  /**
   * The handler has returned: its facts must be a declared outcome, and decide what the fence says
   * from now on.
   */
  #finish(received: Received, draft: Draft, returned: unknown): void {
    this.#context.probe("handled");
    const { reaction } = this.#plan;
    const facts = toFacts(returned);
    const outcome = this.#plan.outcomes.get(keyOfFacts(facts));
    if (outcome === undefined)
      throw undeclared(reaction.name, facts, [...this.#plan.outcomes.keys()]);
    const effect = reaction.kind === "undo" ? reaction.effect : outcome.effect;
    if (reaction.kind === "undo") this.#mark(draft, this.#names.effects[0], UNDONE);
    else if (effect !== undefined)
      this.#mark(draft, this.#names.effects[this.#plan.effects.indexOf(effect)], DONE);
    this.#mark(draft, this.#names.firstOf, reaction.name);
    this.#mark(draft, this.#names.max, String(runsOf(this.#names, received.marks) + 1));
    const disposition = outcome.failure ? "refused" : reaction.kind === "undo" ? "undone" : "done";
    this.#emit(received, draft, disposition, effect, facts);
  }

  #late(received: Received, scope: Scope<Native>): void | Promise<void> {
    const { late } = this.#plan.reaction;
    if (late === undefined) return this.#record(scope.draft, "late", undefined, []);
    const finish = (returned: unknown) => {
      this.#context.probe("handled");
      const facts = toFacts(returned);
      if (!this.#plan.lateOutcomes.has(keyOfFacts(facts)))
        throw undeclared(this.#plan.reaction.name, facts, [...this.#plan.lateOutcomes]);
      this.#emit(received, scope.draft, "late", undefined, facts);
    };
    const returned = this.#invoke(scope, (context) => late.handle(this.#event, context));
    return returned instanceof Promise ? returned.then(finish) : finish(returned);
  }

  #acknowledge(received: Received, draft: Draft): void {
    const { reaction } = this.#plan;
    if (reaction.kind !== "undo") return;
    this.#mark(draft, this.#names.effects[0], BARRED);
    this.#mark(draft, this.#names.firstOf, reaction.name);
    const fact = reaction.acknowledge?.(this.#event);
    this.#emit(received, draft, "barred", reaction.effect, fact === undefined ? [] : [fact]);
  }

  /** The events of a join in the order in which it names them; undefined while one is missing. */
  #gathered(received: Received): readonly EventEnvelope[] | undefined {
    const events: EventEnvelope[] = [];
    for (const contract of this.#plan.reaction.hears) {
      const kept = received.gathered.find(({ type }) => type === contract.type);
      if (kept !== undefined) events.push({ ...kept, data: contract.parse(kept.data) });
      else if (this.#event.type === contract.type) events.push(this.#event);
      else return undefined;
    }
    return events;
  }

  #gather(received: Received, draft: Draft): void {
    const known = received.gathered.some(({ type }) => type === this.#event.type);
    if (!known) draft.defer.push({ ...this.#deferred(), state: "gathered" });
    this.#record(draft, known ? "suppressed" : "gathered", undefined, []);
  }

  #wait(draft: Draft): void {
    draft.defer.push({ ...this.#deferred(), state: "waiting" });
    draft.journal.push(this.#entry("waiting", undefined, []));
  }

  #deferred() {
    const { reaction, source, id, sagaId } = this.receipt;
    const body = { malformed: false, text: encodeStored([this.#event]) };
    return { reaction, source, id, sagaId, attempts: 0, delayMs: 0, problem: undefined, body };
  }

  #emit(
    received: Received,
    draft: Draft,
    disposition: Disposition,
    effect: string | undefined,
    facts: readonly Fact[],
  ): void {
    const events = this.#context.emitter.derive(this.#origin(), facts);
    draft.enqueue.push(...events);
    const { deadlines } = this.#plan;
    if (deadlines.length > 0)
      touchDeadlines(deadlines, received.marks.slice(-deadlines.length), events, draft);
    this.#record(draft, disposition, effect, events);
  }

  #origin(): Origin {
    const { source, id, sagaId, correlationId, traceparent } = this.#event;
    const { reaction } = this.#plan;
    const consumer = `${this.#context.plan.service.name}/${reaction.name}`;
    // A join answers no single event: whichever comes last, it is the same work, once in its saga.
    const cause = reaction.kind === "join" ? { source: "saga", id: sagaId } : { source, id };
    return { consumer, ...cause, sagaId, correlationId, causationId: id, traceparent };
  }

  #mark(draft: Draft, name: string | undefined, state: string): void {
    if (name !== undefined) draft.marks.push({ sagaId: this.#event.sagaId, name, state });
  }

  #record(
    draft: Draft,
    disposition: Disposition,
    effect: string | undefined,
    events: readonly EventEnvelope[],
  ): void {
    draft.finish(this.#entry(disposition, effect, events), this.#attempt);
  }

  #entry(
    disposition: Disposition,
    effect: string | undefined,
    events: readonly EventEnvelope[],
  ): JournalEntry {
    const { source, id, type, sagaId, causationId } = this.#event;
    return {
      reaction: this.receipt.reaction,
      source,
      id,
      type,
      sagaId,
      causationId,
      disposition,
      effect,
      emitted: emissionsOf(events),
    };
  }
}

function keyOfFacts(facts: readonly Fact[]): string {
  const [first] = facts;
  return first !== undefined && facts.length === 1
    ? first.type
    : facts.map(({ type }) => type).join(", ");
}

function undeclared(
  reaction: string,
  facts: readonly Fact[],
  outcomes: readonly string[],
): OdoriError {
  const shown = (key: string) => (key === "" ? "nothing" : key);
  return new OdoriError(
    "UNDECLARED_OUTCOME",
    `The reaction ${reaction} returned ${shown(keyOfFacts(facts))}.`,
    {
      hint: `It declares: ${outcomes.map(shown).join("; or ")}.`,
    },
  );
}
