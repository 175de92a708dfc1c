import type { Context } from "../choreography/context.ts";
import type { DeadlineDeclaration, ReactionDeclaration } from "../choreography/declaration.ts";
import { Service } from "../choreography/service.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";

/** Runs a handler, and returns what the handler returns. */
export type HandlerRun = (work: () => unknown) => unknown;

/** The same service, each of whose handlers runs within `watch`. */
export function watchHandlers<Native, Begins extends EventContract>(
  { declaration, beginnings, heard }: Service<Native, Begins>,
  watch: HandlerRun,
): Service<Native, Begins> {
  const reactions = declaration.reactions.map((one) => watchedReaction(one, watch));
  const deadlines = declaration.deadlines.map(
    (one): DeadlineDeclaration<Native> => ({
      ...one,
      handle: (event, context) => watch(() => one.handle(event, context)),
    }),
  );
  return new Service<Native, Begins>({ ...declaration, reactions, deadlines }, beginnings, heard);
}

function watchedReaction<Native>(
  one: ReactionDeclaration<Native>,
  watch: HandlerRun,
): ReactionDeclaration<Native> {
  const { late } = one;
  const watchedLate = late && {
    ...late,
    handle: (event: EventEnvelope, context: Context<Native>) =>
      watch(() => late.handle(event, context)),
  };
  if (one.kind === "join") {
    const handle: typeof one.handle = (events, context) => watch(() => one.handle(events, context));
    return { ...one, late: watchedLate, handle };
  }
  const handle: typeof one.handle = (event, context) => watch(() => one.handle(event, context));
  return { ...one, late: watchedLate, handle };
}
