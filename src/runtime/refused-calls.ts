import { OdoriError } from "../contract/errors.ts";

/** A call to a service that does not run any more. */
export function stopped(service: string): OdoriError {
  return new OdoriError("STOPPED", `The service ${service} has been stopped.`, {
    hint: "Use it before stop(), or use another instance.",
  });
}

/** A beginning while `outboxMax` events wait for the bus. */
export function outboxFull(service: string, outboxMax: number): OdoriError {
  return new OdoriError(
    "OUTBOX_FULL",
    `${outboxMax} events of ${service} wait for the bus; no new saga is begun.`,
    {
      hint: "Try again later. If it lasts, check the bus, and that consumers keep up.",
    },
  );
}

/** A start while a command only reads what a module declares. */
export function notStarted(service: string): OdoriError {
  return new OdoriError(
    "NOT_STARTED",
    `${service} was not started: a command is loading its module for the declarations.`,
    { hint: "Export the declarations from a module of their own, which starts nothing." },
  );
}
