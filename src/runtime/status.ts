import type { ServiceDeclaration } from "../choreography/declaration.ts";
import { type Ended, endOf, type SagaEnds } from "../choreography/ends.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";
import { stemOf } from "../contract/grammar.ts";
import { storedName } from "../contract/names.ts";
import type { StoreInspection } from "../ports/inspection.ts";
import type { Emission, JournalRecord } from "../ports/journal.ts";

/**
 * The events that end sagas, as a choreography declares them: pass the choreography.
 *
 * @example
 * ```ts
 * import type { EndEvents } from "odori";
 * import { orderCancelled, orderPlaced } from "./contracts.ts";
 *
 * const ends: EndEvents = { succeeds: [orderPlaced], fails: [orderCancelled] };
 * ```
 */
export interface EndEvents {
  readonly succeeds: readonly EventContract[];
  readonly fails: readonly EventContract[];
}

/**
 * Where a saga stands, as one service sees it.
 *
 * @example
 * ```ts
 * import type { SagaStatus } from "odori";
 *
 * const httpStatus = ({ state }: SagaStatus) => (state === "unknown" ? 404 : 200);
 * ```
 */
export type SagaStatus =
  /** The service has nothing of the saga: it never began here, or is past retention. */
  | { readonly state: "unknown" }
  | { readonly state: "running" }
  | {
      readonly state: "succeeded" | "failed";
      /** The event that ended it. Its payload is not kept: read your own rows. */
      readonly event: Emission;
      /** When the service heard or emitted it: milliseconds since 1970. */
      readonly at: number;
    };

/** A status with its end. */
export type EndedStatus = Extract<SagaStatus, { readonly state: "succeeded" | "failed" }>;

/** How a service finds the end of a saga in its journal. */
export interface KnownEnds extends SagaEnds {
  /** The stored names of the service's deadlines. */
  readonly deadlines: ReadonlySet<string>;
}

/**
 * Reads the types of the ends. Throws `OPTION_INVALID` if the service neither hears nor emits one
 * of them: it would never learn that the saga has ended.
 */
export function endTypes(
  { name, begins, reactions, deadlines }: ServiceDeclaration<never>,
  ends: EndEvents,
): KnownEnds {
  const seen = new Set(
    [
      ...begins,
      ...reactions.flatMap(({ hears, emits, fails, late, onParked }) => [
        ...[hears, emits, fails, late?.emits ?? []].flat(2),
        ...(onParked === undefined ? [] : [onParked.emits]),
      ]),
      ...deadlines.flatMap(({ emits, armedBy, unless }) => [emits, armedBy, ...unless]),
    ].map(({ type }) => stemOf(type)),
  );
  const types = (contracts: readonly EventContract[]) => contracts.map(({ type }) => type);
  const found = {
    succeeds: types(ends.succeeds),
    fails: types(ends.fails),
    deadlines: new Set(deadlines.map(storedName)),
  };
  const unseen = [...found.succeeds, ...found.fails].filter((type) => !seen.has(stemOf(type)));
  if (unseen.length === 0) return found;
  throw new OdoriError(
    "OPTION_INVALID",
    `ends: ${name} neither hears nor emits ${unseen.join(", ")}, so it cannot know that end.`,
    {
      hint:
        "Pass ends only to the service that ends the saga, which is often the one that begins " +
        "it. Or let this one hear each end: " +
        ".on(event, { emits: [], readonly: true, handle() {} }).",
    },
  );
}

/** Reads the status of a saga out of its journal. */
export async function sagaStatus(
  inspect: StoreInspection,
  sagaId: string,
  ends: KnownEnds,
): Promise<{ readonly status: SagaStatus; readonly journal: readonly JournalRecord[] }> {
  const journal = await inspect.journal(sagaId);
  const ended = endOf(journal, ends, ends.deadlines);
  if (ended !== undefined) return { status: toStatus(ended), journal };
  return { status: { state: journal.length === 0 ? "unknown" : "running" }, journal };
}

function toStatus({ id, type, at, succeeded }: Ended): EndedStatus {
  return { state: succeeded ? "succeeded" : "failed", event: { id, type }, at };
}
