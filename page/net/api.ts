import type {
  About,
  ActionsReply,
  DevBegin,
  DevBegun,
  DevFault,
  DevFaults,
  DevReply,
  Discard,
  EventReply,
  EventsReply,
  Failure,
  Job,
  JobsReply,
  LedgerReply,
  MapQuery,
  MapReply,
  ParkedGroupsReply,
  ParkedQuery,
  ParkedReply,
  PayloadsReply,
  Preview,
  PreviewReply,
  ProofReply,
  Republish,
  Retry,
  SagaQuery,
  SagaReply,
  SagasQuery,
  SagasReply,
  ServicesReply,
  Unheard,
} from "../../src/console/wire.ts";
import { Problem } from "./problem.ts";

export const API = "api/v1/";

type Values = Readonly<Record<string, string | undefined>>;

async function asked<T>(path: string, init: RequestInit): Promise<T> {
  const reply = await fetch(API + path, { credentials: "same-origin", ...init });
  if (!reply.ok) throw await problemOf(reply);
  // What the server sends is of its own version: the page comes from the same process.
  return reply.json();
}

async function problemOf(reply: Response): Promise<Problem> {
  const { status } = reply;
  const failure: Partial<Failure> = await reply.json().catch(() => ({}));
  const { code, message } = failure.error ?? {};
  return new Problem(code ?? `HTTP_${status}`, message ?? reply.statusText, { status });
}

function get<T>(path: string, query: Values, signal?: AbortSignal): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, value);
  const init = signal === undefined ? {} : { signal };
  return asked(search.size === 0 ? path : `${path}?${search}`, init);
}

function post<T>(path: string, body: unknown): Promise<T> {
  return asked(path, {
    method: "POST",
    headers: { "content-type": "application/json", "odori-console": "1" },
    body: JSON.stringify(body),
  });
}

/** A query as the wire has it, with each of its fields as text. */
type Part<T> = { readonly [K in keyof T]?: T[K] | undefined };
const part = encodeURIComponent;

export const api = {
  about: (signal?: AbortSignal) => get<About>("about", {}, signal),
  map: (query: Part<MapQuery>, signal?: AbortSignal) => get<MapReply>("map", { ...query }, signal),
  sagas: (query: Part<SagasQuery>, signal?: AbortSignal) =>
    get<SagasReply>("sagas", { ...query }, signal),
  saga: (id: string, query: Part<SagaQuery>, signal?: AbortSignal) =>
    get<SagaReply>(`sagas/${part(id)}`, { ...query }, signal),
  payloads: (saga: string, event: string, signal?: AbortSignal) =>
    get<PayloadsReply>(`sagas/${part(saga)}/payloads`, { event }, signal),
  previewRepublish: (what: Unheard) => post<PreviewReply>("unheard/preview", what),
  republish: (what: Republish) => post<Job>("unheard/republish", what),
  parked: (query: Part<ParkedQuery>, signal?: AbortSignal) =>
    get<ParkedReply>("parked", { ...query }, signal),
  parkedGroups: (signal?: AbortSignal) => get<ParkedGroupsReply>("parked/groups", {}, signal),
  services: (signal?: AbortSignal) => get<ServicesReply>("services", {}, signal),
  ledger: (signal?: AbortSignal) => get<LedgerReply>("ledger", {}, signal),
  proof: (signal?: AbortSignal) => get<ProofReply>("proof", {}, signal),
  events: (signal?: AbortSignal) => get<EventsReply>("events", {}, signal),
  event: (type: string, signal?: AbortSignal) =>
    get<EventReply>(`events/${part(type)}`, {}, signal),
  actions: (signal?: AbortSignal) => get<ActionsReply>("actions", {}, signal),
  jobs: (signal?: AbortSignal) => get<JobsReply>("jobs", {}, signal),
  preview: (what: Preview) => post<PreviewReply>("parked/preview", what),
  retry: (what: Retry) => post<Job>("parked/retry", what),
  discard: (what: Discard) => post<Job>("parked/discard", what),
  dev: (signal?: AbortSignal) => get<DevReply>("dev", {}, signal),
  begin: (what: DevBegin) => post<DevBegun>("dev/begin", what),
  again: () => post<DevBegun>("dev/again", {}),
  fault: (what: DevFault) => post<DevFaults>("dev/fault", what),
  clear: () => post<DevFaults>("dev/clear", {}),
  stop: (job: string) => post<Job>(`jobs/${part(job)}/stop`, {}),
};

/** Sends the token of the address for a cookie; it is taken out of the address in any case. */
export async function openSession(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  const reply = await fetch(`${API}session`, {
    method: "POST",
    headers: { "content-type": "application/json", "odori-console": "1" },
    body: JSON.stringify({ token }),
  });
  if (!reply.ok) throw await problemOf(reply);
}
