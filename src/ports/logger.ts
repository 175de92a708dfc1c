import { escapeUnprintable } from "../text/printable.ts";
import { toLogValue } from "./log-value.ts";

/** The fields of a log line; each is absent where its value is unknown. */
export interface LogFields {
  readonly service?: string;
  readonly reaction?: string;
  readonly sagaId?: string;
  readonly correlationId?: string;
  readonly eventId?: string;
  readonly attempt?: number;
  readonly [field: string]: unknown;
}

/**
 * Writes the runtime's log lines. pino, winston and `console` fit, with an adapter of one line
 * each. The runtime never logs payloads.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Levels of a log line, lowest first: debug, info, warn, error. */
export type LogLevel = keyof Logger;
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * Makes a logger that writes one JSON object a line, for lines at `level` or above. Control
 * characters in a field are escaped.
 *
 * @param level The lowest level to write. Default `"warn"`.
 * @param write Gets each line with its line break. Default: the process's standard error.
 *
 * @example
 * ```ts
 * import { jsonLogger } from "odori";
 *
 * const logger = jsonLogger("info", (line) => process.stdout.write(line));
 * logger.info("started", { service: "payment" });
 * ```
 */
export function jsonLogger(
  level: LogLevel = "warn",
  write: (line: string) => void = (line) => process.stderr.write(line),
): Logger {
  const lowest = LEVELS.indexOf(level);
  const at = (own: LogLevel) => {
    if (LEVELS.indexOf(own) < lowest) return () => {};
    return (message: string, fields: LogFields = {}) => {
      const time = new Date().toISOString();
      const line = JSON.stringify(toLogValue({ time, level: own, message, ...fields }));
      write(`${escapeUnprintable(line)}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Makes a logger whose calls never throw, even if those of the given one do. */
export function safely(logger: Logger): Logger {
  const calling = (level: LogLevel) => (message: string, fields?: LogFields) => {
    try {
      // The logger may be an async function, whose failure would end the process.
      const written: unknown = logger[level](message, fields);
      if (written instanceof Promise) written.catch(() => {});
    } catch {
      // A line that cannot be written must not stop the delivery that it is about.
    }
  };
  return {
    debug: calling("debug"),
    info: calling("info"),
    warn: calling("warn"),
    error: calling("error"),
  };
}

/** Makes a logger that adds `fields` to each line. */
export function withFields(logger: Logger, fields: LogFields): Logger {
  return {
    debug: (message, more) => logger.debug(message, { ...fields, ...more }),
    info: (message, more) => logger.info(message, { ...fields, ...more }),
    warn: (message, more) => logger.warn(message, { ...fields, ...more }),
    error: (message, more) => logger.error(message, { ...fields, ...more }),
  };
}
