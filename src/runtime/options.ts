import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { RETENTION_MS } from "../contract/retention.ts";
import type { Bus } from "../ports/bus.ts";
import { type Environment, systemEnvironment } from "../ports/environment.ts";
import { jsonLogger, type Logger, safely } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Probe } from "./crash-points.ts";
import type { OnHazard } from "./deployment.ts";
import { Owners } from "./owners.ts";
import { RETRY_DEFAULT, type RetryPolicy } from "./retry.ts";
import type { EndEvents } from "./status.ts";

/**
 * Options of `start`. Durations are in milliseconds.
 *
 * @example
 * ```ts
 * import type { StartOptions } from "odori";
 * import { memoryBus } from "odori/memory";
 * import { type Sql, sqlite } from "odori/sqlite";
 *
 * const options: StartOptions<Sql> = {
 *   store: sqlite("payment.db"),
 *   bus: memoryBus(["payment"]),
 *   handlerTimeoutMs: 5_000,
 *   retry: { attempts: 5, longestMs: 10_000 },
 * };
 * ```
 */
export interface StartOptions<Native> {
  /** The database of the service. */
  readonly store: Store<Native>;
  readonly bus: Bus;
  /**
   * Takes the log lines of the service.
   * @default `jsonLogger()`: warnings and errors as JSON lines on standard error
   */
  readonly logger?: Logger;
  /**
   * Retries after a technical failure, with full jitter. The default lasts about 8 minutes on
   * average, and at most 17, before a delivery is parked.
   * @default { attempts: 25, firstMs: 200, longestMs: 60_000 }
   */
  readonly retry?: Partial<RetryPolicy>;
  /**
   * How long a handler may take, in milliseconds.
   * @default 30_000
   */
  readonly handlerTimeoutMs?: number;
  /**
   * Most deliveries in one commit.
   * @default 100
   */
  readonly batchMax?: number;
  /**
   * Most deliveries of the bus that are neither acknowledged nor rejected.
   * @default 400
   */
  readonly inFlightMax?: number;
  /**
   * With more events than this waiting for the bus, `begin` refuses new sagas: `OUTBOX_FULL`.
   * @default 10_000
   */
  readonly outboxMax?: number;
  /**
   * Poll interval, in milliseconds, for the work of dead processes and for deliveries that are due.
   * @default 100, and 500 after ten polls without such work
   */
  readonly pollMs?: number;
  /**
   * How long a process may be silent, in milliseconds, before others take over its work although
   * it has not ended. Where it ends they know at once, or after some seconds: its lock is free.
   * Behind a pooler, such as PgBouncer, no process has such a lock, and this alone tells.
   * @default 15_000
   */
  readonly leaseMs?: number;
  /**
   * How long a saga is kept after its last event, in milliseconds; one with anything open is kept
   * longer. At least the retention of the bus and the longest deadline, else `start` throws
   * `RETENTION_TOO_SHORT`. Set it above the longest time between two events of a saga.
   * @default 30 days
   */
  readonly retentionMs?: number;
  /**
   * How long each step of `stop` waits, in milliseconds: for handlers, for the bus to confirm
   * published events, for the database. A step that takes longer is given up.
   *
   * @default 5_000
   */
  readonly drainMs?: number;
  /**
   * What `start` does when sagas in flight would lose state by this version of the service: reject
   * with `DEPLOYMENT_HAZARD`, or log it. A version that has run on the database before only logs.
   * @default "refuse"
   */
  readonly onHazard?: OnHazard;
  /**
   * The sources that may emit each event, as `ownersOf` of `odori/manifest` says. An event from
   * another source is parked with `SOURCE_UNKNOWN`. An event that is not listed may come from any.
   * @default an empty map: sources are not looked at
   */
  readonly owners?: ReadonlyMap<string, readonly string[]>;
  /**
   * The events that end sagas: pass the choreography. `app.status` and `app.waitFor` need them. The
   * service has to hear or emit each of them, so it is usually the one that ends the saga.
   * @default none
   */
  readonly ends?: EndEvents;
  /**
   * Watches the service for traces and metrics: `openTelemetry()` of `odori/otel`.
   * @default none
   */
  readonly telemetry?: Telemetry;
  /**
   * Time and chance, for a simulator.
   * @default `systemEnvironment`
   */
  readonly environment?: Environment;
  /** Called at every crash point, for tests. */
  readonly probe?: Probe;
}

const DEFAULTS = {
  handlerTimeoutMs: 30_000,
  batchMax: 100,
  inFlightMax: 400,
  outboxMax: 10_000,
  pollMs: 100,
  leaseMs: 15_000,
  retentionMs: RETENTION_MS,
  drainMs: 5_000,
} as const;

/** A poll also renews the lease. */
const quietMs = (leaseMs: number) => Math.min(500, Math.max(DEFAULTS.pollMs, leaseMs / 4));

export type Settings<Native> = Required<
  Omit<StartOptions<Native>, "retry" | "owners" | "ends" | "telemetry">
> & {
  /** The poll interval while no poll finds anything. */
  readonly quietMs: number;
  readonly telemetry: Telemetry | undefined;
  readonly ends: EndEvents | undefined;
  readonly retry: RetryPolicy;
  readonly owners: Owners;
};

/**
 * Fills in defaults; throws `OPTION_INVALID`, or `RETENTION_TOO_SHORT` where the bus may bring a
 * message that the inbox has forgotten.
 */
export function startSettings<Native>(options: StartOptions<Native>): Settings<Native> {
  const settings: Settings<Native> = {
    store: options.store,
    bus: options.bus,
    logger: safely(options.logger ?? jsonLogger()),
    environment: options.environment ?? systemEnvironment,
    probe: options.probe ?? (() => {}),
    onHazard: options.onHazard ?? "refuse",
    ends: options.ends,
    telemetry: options.telemetry,
    owners: new Owners(options.owners ?? new Map()),
    handlerTimeoutMs: options.handlerTimeoutMs ?? DEFAULTS.handlerTimeoutMs,
    batchMax: options.batchMax ?? DEFAULTS.batchMax,
    inFlightMax: options.inFlightMax ?? DEFAULTS.inFlightMax,
    outboxMax: options.outboxMax ?? DEFAULTS.outboxMax,
    pollMs: options.pollMs ?? DEFAULTS.pollMs,
    quietMs: options.pollMs ?? quietMs(options.leaseMs ?? DEFAULTS.leaseMs),
    leaseMs: options.leaseMs ?? DEFAULTS.leaseMs,
    retentionMs: options.retentionMs ?? DEFAULTS.retentionMs,
    drainMs: options.drainMs ?? DEFAULTS.drainMs,
    retry: {
      attempts: options.retry?.attempts ?? RETRY_DEFAULT.attempts,
      firstMs: options.retry?.firstMs ?? RETRY_DEFAULT.firstMs,
      longestMs: options.retry?.longestMs ?? RETRY_DEFAULT.longestMs,
    },
  };
  for (const name of [
    "handlerTimeoutMs",
    "batchMax",
    "inFlightMax",
    "outboxMax",
    "pollMs",
    "leaseMs",
    "retentionMs",
    "drainMs",
  ] as const) {
    checkPositive(name, settings[name]);
  }
  for (const name of ["attempts", "firstMs", "longestMs"] as const)
    checkPositive(`retry.${name}`, settings.retry[name]);
  const { retentionMs: busMs } = settings.bus.guarantees;
  if (busMs !== undefined && busMs > settings.retentionMs) {
    throw new OdoriError(
      "RETENTION_TOO_SHORT",
      `The bus redelivers for ${busMs} ms, and the inbox keeps ${settings.retentionMs} ms.`,
      { hint: "Raise retentionMs above the bus's retention, or an old message is handled twice." },
    );
  }
  return settings;
}

/** Throws `RETENTION_TOO_SHORT` for a deadline that is longer than retention. */
export function checkDeadlines(
  deadlines: readonly { readonly name: string; readonly afterMs: number }[],
  retentionMs: number,
): void {
  for (const { name, afterMs } of deadlines) {
    if (afterMs <= retentionMs) continue;
    throw new OdoriError(
      "RETENTION_TOO_SHORT",
      `The deadline ${name} is due after ${afterMs} ms, and a saga is kept ${retentionMs} ms.`,
      { hint: "Raise retentionMs above the deadline, or what follows it finds a forgotten saga." },
    );
  }
}

function checkPositive(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new OdoriError("OPTION_INVALID", `${name} is ${quote(value)}.`, {
    hint: "It is a whole number from 1.",
  });
}
