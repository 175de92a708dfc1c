import type { ErrorCode } from "../contract/error-catalogue.ts";
import { codeOf } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";
import type { Deferred } from "../ports/deferred.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { JournalRecord } from "../ports/journal.ts";
import type { App } from "../runtime/start.ts";

/** What a running service is asked for. Every `App` is one. */
export type WatchedApp = Pick<
  App<unknown, EventContract>,
  "name" | "health" | "status" | "inspect"
>;

const STEPS_MAX = 1_000;
/** Most parked deliveries of each service in one reply. */
const PARKED_MAX = 100;
const ID_MAX = 256;

/** A reply in JSON, which nothing may keep. */
export function reply(status: number, body: unknown, headers: Record<string, string> = {}) {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

export function errorReply(
  status: number,
  code: ErrorCode | string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return reply(status, { error: { code, message } }, headers);
}

/** What a request failed with. The message of an error may name hosts, so it stays here. */
export function failure(error: unknown): Response {
  if (error instanceof StoreUnavailableError)
    return errorReply(503, codeOf(error), "A database cannot be used now.", { "retry-after": "5" });
  return errorReply(500, "REQUEST_FAILED", "The request failed.");
}

/** 200 if every service is ready, else 503; with the code of what is wrong. */
export async function ready(apps: readonly WatchedApp[]): Promise<Response> {
  const services = await Promise.all(
    apps.map(async (app) => {
      const { service, state, problem } = await app.health();
      return { service, state, ...(problem !== undefined && { problem }) };
    }),
  );
  const isReady = services.every(({ state }) => state === "ready");
  return reply(isReady ? 200 : 503, { ready: isReady, services });
}

/** Where a saga stands in each service, and what happened there. No payloads. */
export async function saga(apps: readonly WatchedApp[], sagaId: string): Promise<Response> {
  const known = sagaId.length > ID_MAX ? [] : await Promise.all(apps.map(part(sagaId)));
  const services = known.filter(({ steps }) => steps.length > 0);
  if (services.length === 0)
    return errorReply(404, "SAGA_UNKNOWN", "No service here has anything of this saga.");
  return reply(200, { sagaId, services });
}

const part = (sagaId: string) => async (app: WatchedApp) => {
  const steps = (await app.inspect.journal(sagaId, STEPS_MAX)).map(stepOf);
  const status = await app.status(sagaId).catch((error: unknown) => {
    // `start` was not given the ends of sagas.
    if (codeOf(error) === "OPTION_INVALID") return undefined;
    throw error;
  });
  const { state } = status ?? {};
  return { service: app.name, ...(state !== undefined && { state }), steps };
};

function stepOf({ at, reaction, type, disposition, emitted }: JournalRecord) {
  return { at: timeOf(at), reaction, type, disposition, emitted: emitted.map(({ type }) => type) };
}

/** What was given up on, oldest first. An error's message may name persons: only its code. */
export async function parked(apps: readonly WatchedApp[]): Promise<Response> {
  const lists = await Promise.all(
    apps.map(async ({ name, inspect }) =>
      (await inspect.deferred(["parked"], PARKED_MAX)).map((delivery) => parkedOf(name, delivery)),
    ),
  );
  return reply(200, { parked: lists.flat() });
}

function parkedOf(service: string, { seq, reaction, sagaId, type, attempts, problem }: Deferred) {
  return { delivery: `${service}/${seq}`, reaction, sagaId, type, attempts, code: problem?.code };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
