import type { ErrorEntry } from "./entry.ts";

/** Stores and their databases. */
export const STORE_CODES = {
  STORE_UNAVAILABLE: {
    delivery: "uncounted",
    meaning: "The database cannot be reached or refuses the login.",
    hint: "Check that it runs, and the credentials. The service goes on when it is back.",
  },
  SOURCE_MALFORMED: {
    delivery: "none",
    meaning:
      "What a service has replied to `httpSource` is not what the endpoint of a source says.",
    hint:
      "Compare the address with the path of `sourceHandler`; the console must not be older than " +
      "the service.",
  },
  STORE_FULL: {
    delivery: "uncounted",
    meaning: "The database has no room left.",
    hint: "Free some, or raise its limit. The service goes on when there is room.",
  },
  STORE_BUSY: {
    delivery: "uncounted",
    meaning: "Another transaction holds a lock, or a deadlock was resolved against this one.",
    hint: "Nothing, unless it lasts: then look for a long transaction in the database.",
  },
  STORE_UNSAFE: {
    delivery: "none",
    meaning: "The database file cannot be opened such that a commit survives a power failure.",
    hint: "Put it on a local file system that supports shared memory.",
  },
  STORE_FORBIDDEN: {
    delivery: "none",
    meaning: "The database role may not create or use the tables of the service.",
    hint: "Run `migrate` with the owner of the schema, and grant what `grants` prints.",
  },
  STORE_NOT_OURS: {
    delivery: "none",
    meaning: "The database belongs to another service.",
    hint: "Give each service a database or a schema of its own.",
  },
  STORE_VERSION: {
    delivery: "none",
    meaning: "The tables have a layout that this version of Odori cannot read.",
    hint: "Run the newer version that wrote them; start a service once to migrate older ones.",
  },
  TRANSACTION_CLOSED: {
    delivery: "retryable",
    meaning: "A statement ran on a transaction that has ended.",
    hint: "Await each statement in the handler, and do not keep `tx`.",
  },
  TRANSACTION_SHARED: {
    delivery: "uncounted",
    meaning: "A handler changed its session while other deliveries shared the transaction.",
    hint: "Nothing: it runs again alone. Avoid SET in handlers to stay fast.",
  },
  TRANSACTION_ENDED: {
    delivery: "retryable",
    meaning: "A handler's transaction ended before the handler had returned.",
    hint: "Do not write after an error that rolls back, such as a full disk or INSERT OR ROLLBACK.",
  },
  TRANSACTION_CONTROL: {
    delivery: "retryable",
    meaning: "A handler tried to begin, commit or roll back a transaction.",
    hint: "Leave the transaction to the runtime. Use a savepoint to undo a part.",
  },
  STATEMENT_NOT_AWAITED: {
    delivery: "retryable",
    meaning: "A handler returned while one of its statements was still running.",
    hint: "Await every statement before the handler returns. The cause is its failure, if any.",
  },
  STATEMENT_UNSUPPORTED: {
    delivery: "retryable",
    meaning:
      "A handler, or its library, used what it cannot have: a cursor, a stream, two open " +
      "transactions, several statements with values.",
    hint: "Send one statement after the other. Read rows with one, or a part of them with LIMIT.",
  },
  STORE_CONTENDED: {
    delivery: "uncounted",
    meaning: "Another transaction was in the way of a handler.",
    hint: "Nothing: the delivery runs again by itself.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
