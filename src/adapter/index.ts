/* What an adapter of a broker or a database needs: the types of both seams, and the parts that all
 * adapters share. `odori/conformance` tests the result; `odori/cloudevents` reads and writes
 * events. */

export { checkAttribute, type EventEnvelope } from "../contract/envelope.ts";
export type { ErrorCode } from "../contract/error-catalogue.ts";
export {
  codeOf,
  type ErrorDetails,
  messageOf,
  OdoriError,
} from "../contract/errors.ts";
export { stemOf } from "../contract/grammar.ts";
export { birthIn } from "../ports/birth.ts";
export type {
  DeferredKey,
  DeferredUpdate,
  MarkWrite,
  OutboxRows,
  Receipt,
  ReceiptStatus,
  Received,
  Ticket,
  Writes,
  Written,
} from "../ports/bookkeeping.ts";
export {
  ACCEPTED,
  type Bus,
  type BusGuarantees,
  checkAccepted,
  type Deliver,
  type Incoming,
  type MalformedMessage,
  type PublishResult,
  type SubscribeOptions,
  type Subscription,
} from "../ports/bus.ts";
export { busRefusesConnection, type ConnectionFault } from "../ports/connection.ts";
export type {
  CensusRow,
  Declarations,
  DeferredCount,
  MarkCount,
  StoredDeclaration,
} from "../ports/declarations.ts";
export {
  BLOCKING,
  DEFERRED_STATES,
  type Deferred,
  type DeferredBody,
  type DeferredState,
  type NewDeferred,
  OPEN,
  type Problem,
} from "../ports/deferred.ts";
export { type Environment, systemEnvironment } from "../ports/environment.ts";
export {
  alreadyReceived,
  busClosed,
  busForbidden,
  busMissing,
  busRefused,
  busTopology,
  busUnavailable,
  eventTooLarge,
  notOurs,
  notParked,
  StoreUnavailableError,
  storeNotOpen,
  transactionClosed,
} from "../ports/errors.ts";
export type {
  CountsQuery,
  SagaHistory,
  SagaPlace,
  SagaQuery,
  StoreCounts,
  StoreInspection,
} from "../ports/inspection.ts";
export {
  DISPOSITIONS,
  type Disposition,
  type Emission,
  type InboxKey,
  type JournalEntry,
  type JournalRecord,
} from "../ports/journal.ts";
export type { LogFields, Logger, LogLevel } from "../ports/logger.ts";
export { BEHIND_ALL, comparePlaces } from "../ports/saga-order.ts";
export type { FeedRow, SagaFacts } from "../ports/source.ts";
export {
  type Claimed,
  type ClaimOptions,
  DEATH_REMEMBERED_MS,
  NO_REACTION,
  NOTHING_TAKEN_OVER,
  type Opened,
  type Purged,
  type Session,
  type Store,
  SUSPECTS_TOGETHER,
  type TakenOver,
} from "../ports/store.ts";
export type {
  DetachedTransaction,
  HandlerScope,
  ScopeOptions,
  StoreTransaction,
  WriteOptions,
} from "../ports/transaction.ts";
export { redeliveryPauseMs } from "./backoff.ts";
export { type ConnectOnceOptions, connectOnce, type LazyConnection } from "./connect-once.ts";
export { connectionFaultOf } from "./connection-fault.ts";
export { type Diagnosis, verdict } from "./diagnosis.ts";
export { Mutex } from "./mutex.ts";
export { publishResults, refusal } from "./publish-results.ts";
export {
  toCensusRow,
  toDeclaration,
  toDeferred,
  toFeedRow,
  toHistory,
  toJournal,
  toState,
} from "./rows.ts";
export { Semaphore } from "./semaphore.ts";
