import type { Context } from "../choreography/context.ts";
import type { DeadlineDeclaration, ReactionDeclaration } from "../choreography/declaration.ts";
import { Service } from "../choreography/service.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";

/** Whose handler it is. */
export interface HandlerOf {
  /** The name of the reaction or deadline. */
  readonly reaction: string;
  /** Types of the events that it hears, or that arm the deadline. */
  readonly hears: readonly string[];
}

/** Runs a handler, and returns what the handler returns. */
export type HandlerRun = (work: () => unknown, of: HandlerOf) => unknown;

/** The same service, each of whose handlers runs within `watch`. */
export function watchHandlers<Native, Begins extends EventContract>(
  { declaration, beginnings, heard }: Service<Native, Begins>,
  watch: HandlerRun,
): Service<Native, Begins> {
  const reactions = declaration.reactions.map((one) => watchedReaction(one, watch));
  const deadlines = declaration.deadlines.map(
    (one): DeadlineDeclaration<Native> => ({
      ...one,
      handle: (event, context) =>
        watch(() => one.handle(event, context), {
          reaction: one.name,
          hears: [one.armedBy.type],
        }),
    }),
  );
  return new Service<Native, Begins>({ ...declaration, reactions, deadlines }, beginnings, heard);
}

function watchedReaction<Native>(
  one: ReactionDeclaration<Native>,
  watch: HandlerRun,
): ReactionDeclaration<Native> {
  const { late } = one;
  const of = { reaction: one.name, hears: one.hears.map(({ type }) => type) };
  const watchedLate = late && {
    ...late,
    handle: (event: EventEnvelope, context: Context<Native>) =>
      watch(() => late.handle(event, context), of),
  };
  if (one.kind === "join") {
    const handle: typeof one.handle = (events, context) =>
      watch(() => one.handle(events, context), of);
    return { ...one, late: watchedLate, handle };
  }
  const handle: typeof one.handle = (event, context) => watch(() => one.handle(event, context), of);
  return { ...one, late: watchedLate, handle };
}
