import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Bus } from "../ports/bus.ts";
import { type Environment, systemEnvironment } from "../ports/environment.ts";
import { jsonLogger, type Logger, safely } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { Probe } from "./crash-points.ts";
import { RETRY_DEFAULT, type RetryPolicy } from "./retry.ts";

export interface StartOptions<Native> {
  readonly store: Store<Native>;
  readonly bus: Bus;
  /** Default: warnings and errors as JSON lines on standard error. */
  readonly logger?: Logger;
  /** Default: 8 attempts, pauses up to 200 ms at first and a minute at last, with full jitter. */
  readonly retry?: Partial<RetryPolicy>;
  /** How long a handler may take. Default 30,000. */
  readonly handlerTimeoutMs?: number;
  /** Most deliveries in one commit. Default 100. */
  readonly batchMax?: number;
  /** Most deliveries taken from the bus and not yet acknowledged. Default 400. */
  readonly inFlightMax?: number;
  /** With more events than that waiting for the bus, `begin` refuses new sagas. Default 10,000. */
  readonly outboxMax?: number;
  /**
   * How long to let pass between looking for work that a dead process left behind, or that is due
   * again. Default 100.
   */
  readonly pollMs?: number;
  /**
   * After so long without a sign of life a process is taken for dead, and its work for free.
   * Default 2,000.
   */
  readonly leaseMs?: number;
  /**
   * How long inbox and fence rows are kept: at least as long as a message may come again. Default
   * 30 days.
   */
  readonly retentionMs?: number;
  /** How long `stop` waits for the bus to answer for what it has taken. Default 5,000. */
  readonly drainMs?: number;
  readonly environment?: Environment;
  /** Called at every step between receiving and being done, for tests. */
  readonly probe?: Probe;
}

const DEFAULTS = {
  handlerTimeoutMs: 30_000,
  batchMax: 100,
  inFlightMax: 400,
  outboxMax: 10_000,
  pollMs: 100,
  leaseMs: 2_000,
  retentionMs: 30 * 24 * 3_600_000,
  drainMs: 5_000,
} as const;

export type Settings<Native> = Required<Omit<StartOptions<Native>, "retry">> & {
  readonly retry: RetryPolicy;
};

/**
 * Fills in defaults; throws `OPTION_INVALID`, or `RETENTION_TOO_SHORT` where the bus may bring a
 * message that the inbox has forgotten.
 */
export function settingsOf<Native>(options: StartOptions<Native>): Settings<Native> {
  const settings: Settings<Native> = {
    store: options.store,
    bus: options.bus,
    logger: safely(options.logger ?? jsonLogger()),
    environment: options.environment ?? systemEnvironment,
    probe: options.probe ?? (() => {}),
    handlerTimeoutMs: options.handlerTimeoutMs ?? DEFAULTS.handlerTimeoutMs,
    batchMax: options.batchMax ?? DEFAULTS.batchMax,
    inFlightMax: options.inFlightMax ?? DEFAULTS.inFlightMax,
    outboxMax: options.outboxMax ?? DEFAULTS.outboxMax,
    pollMs: options.pollMs ?? DEFAULTS.pollMs,
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
      `The bus may bring a message again after ${busMs} ms, but the inbox forgets after ${settings.retentionMs} ms.`,
      {
        hint: "Raise retentionMs above the bus's retention, or shorten the latter: otherwise an old message would be handled twice.",
      },
    );
  }
  return settings;
}

function checkPositive(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new OdoriError("OPTION_INVALID", `${name} is ${quote(value)}.`, {
    hint: "It is a whole number from 1.",
  });
}
