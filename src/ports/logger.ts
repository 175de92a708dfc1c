/** What every line says, as far as it is known where the line is written. */
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
 * pino, winston and `console` fit, with an adapter of one line each. Payloads are never logged by
 * Odori.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogLevel = keyof Logger;
const C1 = /[\u007f-\u009f]/g;
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** One JSON object a line; a field cannot break out of its line, whatever it contains. */
export function jsonLogger(
  level: LogLevel = "warn",
  write: (line: string) => void = (line) => process.stderr.write(line),
): Logger {
  const lowest = LEVELS.indexOf(level);
  const at = (own: LogLevel) => {
    if (LEVELS.indexOf(own) < lowest) return () => {};
    return (message: string, fields: LogFields = {}) => {
      const line = JSON.stringify(
        { time: new Date().toISOString(), level: own, message, ...fields },
        plainErrors,
      );
      // JSON escapes the control characters below U+0020 alone, and terminals obey those from
      // U+0080 as well.
      write(`${line.replace(C1, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function plainErrors(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    code: "code" in value ? value.code : undefined,
    message: value.message,
    stack: value.stack,
    cause: value.cause,
  };
}

/** A logger that adds `fields` to each of its lines. */
export function withFields(logger: Logger, fields: LogFields): Logger {
  return {
    debug: (message, more) => logger.debug(message, { ...fields, ...more }),
    info: (message, more) => logger.info(message, { ...fields, ...more }),
    warn: (message, more) => logger.warn(message, { ...fields, ...more }),
    error: (message, more) => logger.error(message, { ...fields, ...more }),
  };
}
