export {
  type Choreography,
  type ChoreographyOptions,
  choreography,
  isChoreography,
  type Lock,
} from "./choreography/choreography.ts";
export type { Context } from "./choreography/context.ts";
export type { Outcome } from "./choreography/outcome.ts";
export { Service, type ServiceOptions, service } from "./choreography/service.ts";
export type { GivenUp, Name } from "./choreography/verbs.ts";
export type { Duration } from "./contract/duration.ts";
export type { EventEnvelope, MessageHead } from "./contract/envelope.ts";
export type { ErrorCode } from "./contract/error-catalogue.ts";
export {
  codeOf,
  type ErrorDetails,
  OdoriError,
  PermanentError,
} from "./contract/errors.ts";
export {
  type Conversion,
  type EnvelopeOf,
  type EventContract,
  type EventOptions,
  event,
  type Fact,
  type FactOf,
  type FactOptions,
  type InputOf,
  type VersionOptions,
} from "./contract/event.ts";
export type { TypeName } from "./contract/grammar.ts";
export { RetryAfter } from "./contract/retry-after.ts";
export type { TraceContext } from "./contract/trace-context.ts";
export type { Receipt, Received, Ticket, Writes, Written } from "./ports/bookkeeping.ts";
export type {
  Bus,
  BusGuarantees,
  Deliver,
  Incoming,
  MalformedMessage,
  SubscribeOptions,
  Subscription,
} from "./ports/bus.ts";
export type {
  CensusRow,
  Declarations,
  DeferredCount,
  MarkCount,
  StoredDeclaration,
} from "./ports/declarations.ts";
export type { Deferred, DeferredState, NewDeferred, Problem } from "./ports/deferred.ts";
export { type Environment, systemEnvironment } from "./ports/environment.ts";
export { StoreUnavailableError } from "./ports/errors.ts";
export type {
  CountsQuery,
  SagaHistory,
  SagaPlace,
  SagaQuery,
  StoreCounts,
  StoreInspection,
} from "./ports/inspection.ts";
export type {
  Disposition,
  Emission,
  InboxKey,
  JournalEntry,
  JournalRecord,
} from "./ports/journal.ts";
export { jsonLogger, type LogFields, type Logger, type LogLevel } from "./ports/logger.ts";
export type {
  Claimed,
  ClaimOptions,
  Opened,
  Purged,
  Session,
  Store,
  TakenOver,
} from "./ports/store.ts";
export type {
  DeliveryEnd,
  DeliveryWatch,
  PublishWatch,
  ServiceReport,
  ServiceWatch,
  Telemetry,
  WatchedBeginning,
  WatchedDelivery,
  WatchedService,
} from "./ports/telemetry.ts";
export type {
  DetachedTransaction,
  HandlerScope,
  ScopeOptions,
  StoreTransaction,
  WriteOptions,
} from "./ports/transaction.ts";
export type { Tx, TxResult } from "./ports/tx.ts";
export type { BeginOptions, Begun } from "./runtime/begin.ts";
export { CRASH_POINTS, type CrashPoint, type Probe } from "./runtime/crash-points.ts";
export type { Health } from "./runtime/health.ts";
export { start } from "./runtime/lazy.ts";
export type { StartOptions } from "./runtime/options.ts";
export type { RetryPolicy } from "./runtime/retry.ts";
export type { App } from "./runtime/start.ts";
export type { EndEvents, EndedStatus, SagaStatus } from "./runtime/status.ts";
