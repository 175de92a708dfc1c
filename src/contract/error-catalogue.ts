/**
 * What follows for a delivery whose handling ends with an error.
 *
 * - `retryable`  retried after a pause; parked after `retry.attempts` attempts
 * - `uncounted`  retried, and the attempt does not count: the delivery is not at fault
 * - `final`      parked at once
 * - `none`       does not come from a delivery; if a handler throws it, it is retried
 */
export type DeliveryEffect = "retryable" | "uncounted" | "final" | "none";

/** One row of the catalogue. */
export interface ErrorEntry {
  /** The part of Odori that reports the error; a heading of the reference. */
  readonly area: string;
  readonly delivery: DeliveryEffect;
  /** What has happened, in one sentence. */
  readonly meaning: string;
  /** What to do about it. An error's own `hint` says it for the case at hand. */
  readonly hint: string;
}

/**
 * Every error code, in the order of the reference. A code never changes its meaning.
 * `docs/reference/errors.md` is generated from here: `npm run docs`.
 */
export const ERRORS = {
  NAME_GRAMMAR: {
    area: "Contracts and payloads",
    delivery: "none",
    meaning: "The name of an event, a service or a choreography breaks the grammar of names.",
    hint: "Write `domain.fact.v1` for an event and `snake_case` for the others.",
  },
  SCHEMA_UNUSABLE: {
    area: "Contracts and payloads",
    delivery: "none",
    meaning: "A schema is not a Standard Schema, cannot be compiled, or validates asynchronously.",
    hint: "Use zod, valibot, arktype, or `jsonSchema()` of `odori/json-schema`.",
  },
  PAYLOAD_INVALID: {
    area: "Contracts and payloads",
    delivery: "final",
    meaning: "A payload does not fit the schema of its contract.",
    hint: "Correct the emitter, or widen the schema. Then retry what is parked.",
  },
  PAYLOAD_NOT_JSON: {
    area: "Contracts and payloads",
    delivery: "final",
    meaning: "A payload holds a value that JSON cannot carry, such as a Date, a Map or NaN.",
    hint: "Turn the value into text, a number or a plain object.",
  },
  PAYLOAD_TOO_LARGE: {
    area: "Contracts and payloads",
    delivery: "final",
    meaning: "An emitted event has more bytes than a message or the broker allows.",
    hint: "Send keys instead of whole entities.",
  },
  ATTRIBUTE_INVALID: {
    area: "Contracts and payloads",
    delivery: "final",
    meaning: "An attribute of an envelope, such as `sagaId`, is empty, too long or not printable.",
    hint: "Use printable text of 1 to 256 characters.",
  },
  DECLARATION_INVALID: {
    area: "Declarations",
    delivery: "none",
    meaning: "An event, a service or a choreography contradicts itself.",
    hint: "The message names the declaration; correct it.",
  },
  REACTION_NAME_TAKEN: {
    area: "Declarations",
    delivery: "none",
    meaning: "Two reactions of one service have the same name.",
    hint: "Give one of them a `name`, and keep it: the name is part of the inbox key.",
  },
  NAME_NEEDED: {
    area: "Declarations",
    delivery: "none",
    meaning: "A reaction to several events, or a join, has no name.",
    hint: "Give it a `name`, and keep it: the name is part of the inbox key.",
  },
  UNKNOWN_EFFECT: {
    area: "Declarations",
    delivery: "none",
    meaning: "An undo names an effect that its service does not have.",
    hint: "Declare the step first, and name an event that it emits on success.",
  },
  DURATION_INVALID: {
    area: "Declarations",
    delivery: "retryable",
    meaning: "A duration is unreadable, not positive, or longer than ten years.",
    hint: 'Write `"30s"`, `"15m"`, `"PT15M"`, or whole milliseconds from 1.',
  },
  MESSAGE_MALFORMED: {
    area: "Messages from outside",
    delivery: "final",
    meaning: "A message is not a CloudEvent of a saga.",
    hint: "Look at the parked message, and correct the program that publishes to the topic.",
  },
  NUMBER_INEXACT: {
    area: "Messages from outside",
    delivery: "final",
    meaning: "A message has a number that JavaScript would change, such as a 64-bit id.",
    hint: "Let the producer send it as text. The message is kept as it was received.",
  },
  MESSAGE_TOO_LARGE: {
    area: "Messages from outside",
    delivery: "final",
    meaning: "A message from the bus has more bytes than Odori reads.",
    hint: "Send keys instead of whole entities.",
  },
  UNKNOWN_TYPE: {
    area: "Messages from outside",
    delivery: "final",
    meaning: "A delivery belongs to an event or a reaction that the service does not declare.",
    hint: "Declare the reaction under its earlier name, or discard the delivery.",
  },
  DUPLICATE_DELIVERY: {
    area: "Messages from outside",
    delivery: "uncounted",
    meaning: "One batch holds the same delivery twice.",
    hint: "Nothing: the batch is rolled back and its deliveries are handled one by one.",
  },
  PERMANENT: {
    area: "Running",
    delivery: "final",
    meaning: "A handler threw `PermanentError`: a retry cannot help.",
    hint: "Remove the cause, then `odori parked retry` or `odori parked discard`.",
  },
  RETRY_AFTER: {
    area: "Running",
    delivery: "retryable",
    meaning:
      "A handler threw `RetryAfter`: the next attempt follows after the delay that it names.",
    hint: "Nothing, unless the delivery is parked in the end: then look at the cause.",
  },
  HANDLER_FAILED: {
    area: "Running",
    delivery: "retryable",
    meaning: "A handler threw an error without a code.",
    hint: "Look at the stack that is kept with the delivery.",
  },
  HANDLER_SLOW: {
    area: "Running",
    delivery: "uncounted",
    meaning: "A handler held up its commit group, so the delivery runs again by itself.",
    hint: "Nothing. The handler's `signal` was aborted with this error.",
  },
  HANDLER_TIMEOUT: {
    area: "Running",
    delivery: "retryable",
    meaning: "A handler took longer than `handlerTimeoutMs`; its transaction is rolled back.",
    hint: "Pass `signal` to each call that waits, or raise `handlerTimeoutMs`.",
  },
  UNDECLARED_OUTCOME: {
    area: "Running",
    delivery: "final",
    meaning: "A handler returned an outcome that its reaction does not declare.",
    hint: "Declare the outcome in `emits` or `fails`, or return another one.",
  },
  CRASHED: {
    area: "Running",
    delivery: "final",
    meaning: "Three processes that handled a delivery ended without an outcome.",
    hint: "Find what ends the process, such as too little memory, then retry the delivery.",
  },
  FENCE_FORGOTTEN: {
    area: "Running",
    delivery: "final",
    meaning: "A saga is older than `retentionMs`, and what it did in the service is forgotten.",
    hint: "Look at the business data; retry a step that was not done, or discard the delivery.",
  },
  OUTBOX_FULL: {
    area: "Running",
    delivery: "none",
    meaning: "`outboxMax` events wait for the bus, so `begin` refuses a new saga.",
    hint: "Try again later. If it lasts, see whether the bus is reachable and consumers keep up.",
  },
  STOPPED: {
    area: "Running",
    delivery: "none",
    meaning: "The service or its store is not open.",
    hint: "Call `begin` between `start` and `stop`.",
  },
  RETENTION_TOO_SHORT: {
    area: "Running",
    delivery: "none",
    meaning: "The bus or a deadline outlasts `retentionMs`, after which a saga is forgotten.",
    hint: "Raise `retentionMs` above the retention of the bus and each deadline.",
  },
  OPTION_INVALID: {
    area: "Running",
    delivery: "none",
    meaning: "An option has a value that it cannot have.",
    hint: "The message names the option and its values.",
  },
  NOT_PARKED: {
    area: "Parked deliveries",
    delivery: "none",
    meaning: "Only a parked delivery can be retried; this one does not exist or is not parked.",
    hint: "List them with `odori parked list`.",
  },
  STORE_UNAVAILABLE: {
    area: "Stores",
    delivery: "uncounted",
    meaning: "The database cannot be reached or refuses the login.",
    hint: "Check that it runs, and the credentials. The service goes on when it is back.",
  },
  STORE_FULL: {
    area: "Stores",
    delivery: "uncounted",
    meaning: "The database has no room left.",
    hint: "Free some, or raise its limit. The service goes on when there is room.",
  },
  STORE_BUSY: {
    area: "Stores",
    delivery: "uncounted",
    meaning: "Another transaction holds a lock, or a deadlock was resolved against this one.",
    hint: "Nothing, unless it lasts: then look for a long transaction in the database.",
  },
  STORE_UNSAFE: {
    area: "Stores",
    delivery: "none",
    meaning: "The database file cannot be opened such that a commit survives a power failure.",
    hint: "Put it on a local file system that supports shared memory.",
  },
  STORE_FORBIDDEN: {
    area: "Stores",
    delivery: "none",
    meaning: "The database role may not create or use the tables of the service.",
    hint: "Run `migrate` with the owner of the schema, and grant what `grants` prints.",
  },
  STORE_NOT_OURS: {
    area: "Stores",
    delivery: "none",
    meaning: "The database belongs to another service.",
    hint: "Give each service a database or a schema of its own.",
  },
  STORE_VERSION: {
    area: "Stores",
    delivery: "none",
    meaning: "The tables have a layout that this version of Odori cannot read.",
    hint: "Run the newer version that wrote them; start a service once to migrate older ones.",
  },
  TRANSACTION_CLOSED: {
    area: "Stores",
    delivery: "retryable",
    meaning: "A statement ran on a transaction that has ended.",
    hint: "Await each statement in the handler, and do not keep `tx`.",
  },
  TRANSACTION_SHARED: {
    area: "Stores",
    delivery: "uncounted",
    meaning: "A handler changed its session while other deliveries shared the transaction.",
    hint: "Nothing: it runs again alone. Avoid SET in handlers to stay fast.",
  },
  TRANSACTION_ENDED: {
    area: "Stores",
    delivery: "retryable",
    meaning: "A handler's transaction ended before the handler had returned.",
    hint: "Do not write after an error that rolls back, such as a full disk or INSERT OR ROLLBACK.",
  },
  TRANSACTION_CONTROL: {
    area: "Stores",
    delivery: "retryable",
    meaning: "A handler tried to begin, commit or roll back a transaction.",
    hint: "Leave the transaction to the runtime. Use a savepoint to undo a part.",
  },
  STATEMENT_NOT_AWAITED: {
    area: "Stores",
    delivery: "retryable",
    meaning: "A handler returned while one of its statements was still running.",
    hint: "Await every statement before the handler returns. The cause is its failure, if any.",
  },
  STORE_CONTENDED: {
    area: "Stores",
    delivery: "uncounted",
    meaning: "Another transaction was in the way of a handler.",
    hint: "Nothing: the delivery runs again by itself.",
  },
  BUS_CLOSED: {
    area: "Buses",
    delivery: "none",
    meaning: "The bus was closed while events were published.",
    hint: "Stop the services before the bus. The events stay in the outbox.",
  },
  BUS_UNAVAILABLE: {
    area: "Buses",
    delivery: "none",
    meaning: "The broker cannot be reached or does not answer.",
    hint: "Check that it runs, and the credentials. The events stay in the outbox.",
  },
  BUS_FORBIDDEN: {
    area: "Buses",
    delivery: "none",
    meaning: "The broker refuses an operation of the service.",
    hint: "Grant what `odori acl` prints.",
  },
  BUS_REFUSED: {
    area: "Buses",
    delivery: "none",
    meaning: "The broker refuses one event, such as for a full queue, and accepts others.",
    hint: "Look at the queue or topic of its type. The event stays in the outbox, and is retried.",
  },
  BUS_TOPOLOGY: {
    area: "Buses",
    delivery: "none",
    meaning: "A stream, queue, topic or limit of the broker has other settings than are needed.",
    hint: "Change the options or the broker; Odori does not change what it did not create.",
  },
  UNROUTABLE: {
    area: "Buses",
    delivery: "none",
    meaning: "No queue is bound to the type of an event, so RabbitMQ returned it.",
    hint: "Start the service that hears the type once, or name the type in `unheard`.",
  },
  GROUP_UNKNOWN: {
    area: "Buses",
    delivery: "none",
    meaning: "The in-process bus was made without this service.",
    hint: "Name every service when the bus is made.",
  },
  GROUP_AWAY: {
    area: "Buses",
    delivery: "none",
    meaning: "A service of the in-process bus has no running member.",
    hint: "Start the service. The events stay in the outbox.",
  },
  USAGE: {
    area: "The command",
    delivery: "none",
    meaning: "The arguments of the command do not fit it.",
    hint: "See `--help`.",
  },
  MODULE_UNREADABLE: {
    area: "The command",
    delivery: "none",
    meaning: "A module cannot be imported or exports nothing that the command reads.",
    hint: "Export a choreography or services; run the module with Node to see where it fails.",
  },
  FILE_UNREADABLE: {
    area: "The command",
    delivery: "none",
    meaning: "A file cannot be read or written.",
    hint: "Check its name, its folder and their permissions.",
  },
  MANIFEST_INVALID: {
    area: "The command",
    delivery: "none",
    meaning: "A document is not a valid manifest or AsyncAPI document.",
    hint: "The message names the place of each mistake.",
  },
  CONFIG_INVALID: {
    area: "The command",
    delivery: "none",
    meaning: "The configuration of `odori check` does not fit its schema.",
    hint: "It may have `rules`, `limits` and `statesMax`.",
  },
  NOT_IN_CHOREOGRAPHY: {
    area: "The command",
    delivery: "none",
    meaning: "The choreography has no service or event of this name.",
    hint: "The message lists names that are near.",
  },
  PICTURE_TOO_LARGE: {
    area: "The command",
    delivery: "none",
    meaning: "A picture would have more arrows than a reader can follow.",
    hint: "Draw a part: `--from`, `--to`, `--service`, `--hops`.",
  },
  DATA_NOT_FOUND: {
    area: "The command",
    delivery: "none",
    meaning: "A folder or a database holds nothing of a saga.",
    hint: "Name the folder in which the services keep their databases: `--data <folder>`.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** The stable code of an error; the catalogue says what each one means. */
export type ErrorCode = keyof typeof ERRORS;

/** Where the reference of the errors stands. */
export const ERRORS_ADDRESS =
  "https://github.com/odori-dev/odori/blob/main/docs/reference/errors.md";

/** The address of one error's section in the reference. */
export function docsOf(code: ErrorCode): string {
  return `${ERRORS_ADDRESS}#${code.toLowerCase()}`;
}

/**
 * Whether a delivery that ends with this code is parked at once. Takes any text: programs without
 * types may make up codes.
 */
export function isFinal(code: string): boolean {
  const known: Readonly<Record<string, ErrorEntry>> = ERRORS;
  return known[code]?.delivery === "final";
}
