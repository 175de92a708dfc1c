import pg from "pg";
import { messageOf } from "../../contract/errors.ts";
import { isUnprepared } from "./errors.ts";
import { OWN_TRANSACTION } from "./open-transaction.ts";

/** A statement that was sent, whose end the client has not been told. */
interface Sent {
  /** Whether a Sync is behind it: then ReadyForQuery tells its end. */
  synced: boolean;
  /** How many commands of it have not been completed; 0 in the simple protocol. */
  left: number;
  readonly inTransaction: boolean;
  /** The name under which it is prepared. */
  readonly parses: string | undefined;
  /** The prepared statement that it executes. */
  readonly binds: string | undefined;
  /** The prepared statement whose columns the server describes with it. */
  readonly learns: string | undefined;
  /** The columns, if the server need not describe them. */
  readonly described: Description | undefined;
  /** The failure behind which the server has skipped its Parse, of an earlier flight. */
  behind: unknown;
}

/** A message of the server, RowDescription or NoData. */
interface Description {
  readonly name: string;
  readonly message: unknown;
}

/** Commands within a transaction that have no result, and need not run behind a failure. */
const CONTROL = /^(?:SAVEPOINT \w+|RELEASE \w+|SET LOCAL \w+ = \w+)$/;

/**
 * A connection on which the statements of one turn of the event loop travel together: in one system
 * call, and inside a transaction with one Sync behind them, where `pg` sends one behind each. The
 * server needs a system call to answer a Sync. Nor is a prepared statement described twice: the
 * server refuses one whose columns have changed.
 *
 * Behind a failed statement the server skips all up to the Sync. What was skipped fails as it would
 * with a Sync of its own, since the transaction is aborted.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
class FlightConnection extends pg.Connection {
  declare ssl: unknown;
  declare sslNegotiation: unknown;
  /** Of `pg`: names whose statements it has sent, and believes to be prepared. */
  declare readonly submittedNamedStatements: Record<string, string>;
  /** Outside of a transaction a Sync commits: each statement needs its own. */
  #inTransaction = false;
  #gathering = false;
  readonly #sent: Sent[] = [];
  /** The last one of `#sent`, while its Sync is held back. */
  #last: Sent | undefined;
  /** The failure behind which the server skips what follows. */
  #failure: { readonly error: unknown } | undefined;
  /** By the name of the prepared statement. */
  readonly #descriptions = new Map<string, Description>();
  /* Of the statement that is being written. */
  #parses: string | undefined;
  #binds: string | undefined;
  #learns: string | undefined;
  #described: Description | undefined;
  #closes = false;

  /** A text without values, for which `pg` takes the simple protocol: it cannot be in a flight. */
  override query(text: string): void {
    this.#gather();
    const { begin, commit, rollback } = OWN_TRANSACTION;
    if (text === begin) this.#inTransaction = true;
    const commands = text.split("; ");
    const whole = text === begin || text === commit;
    if (this.#inTransaction && (whole || commands.every((command) => CONTROL.test(command)))) {
      for (const command of commands) this.#execute(command);
      if (text === commit) this.#inTransaction = false;
      this.#end(commands.length);
      return;
    }
    // It may be ROLLBACK TO, which must not be skipped.
    this.#leave();
    if (text === rollback) this.#inTransaction = false;
    this.#add(0).synced = true;
    super.query(text);
  }

  override parse(query: pg.QueryParse): void {
    if (query.name) this.#parses = query.name;
    super.parse(query, true);
  }

  override bind(config: pg.BindConfig): void {
    if (config.statement && !config.binary) this.#binds = config.statement;
    super.bind(config, true);
  }

  override describe(message: pg.MessageConfig): void {
    if (this.#binds !== undefined) this.#described = this.#descriptions.get(this.#binds);
    if (this.#described !== undefined) return;
    this.#learns = this.#binds;
    super.describe(message, true);
  }

  /** `pg` closes what it could not bind: then nothing is executed, and only a Sync ends it. */
  override close(message: pg.MessageConfig): void {
    this.#closes = true;
    super.close(message, true);
  }

  override sync(): void {
    this.#gather();
    this.#end(1);
  }

  override emit(name: string | symbol, ...values: unknown[]): boolean {
    if (name === "readyForQuery") this.#skip();
    const sent = this.#sent[0];
    if (name === "errorMessage" && sent?.behind !== undefined && isUnprepared(values[0]))
      values[0] = skippedBehind(sent.behind);
    const heard = super.emit(name, ...values);
    if (sent === undefined) return heard;
    switch (name) {
      case "bindComplete":
        if (sent.described !== undefined) super.emit(sent.described.name, sent.described.message);
        break;
      case "rowDescription":
      case "noData":
        if (sent.learns !== undefined)
          this.#descriptions.set(sent.learns, { name, message: values[0] });
        break;
      case "errorMessage":
        this.#fail(values[0], sent);
        break;
      case "commandComplete":
      case "emptyQuery":
        sent.left--;
        if (sent.synced || sent.left > 0) break;
        this.#sent.shift();
        super.emit("readyForQuery", { status: "T" });
    }
    return heard;
  }

  #execute(text: string): void {
    super.parse({ name: "", text, types: [] }, true);
    super.bind({}, true);
    super.execute({}, true);
  }

  #end(commands: number): void {
    const alone = !this.#inTransaction || this.#closes;
    this.#last = this.#add(commands);
    if (alone) this.#leave();
  }

  #add(left: number): Sent {
    const sent = {
      synced: false,
      left,
      inTransaction: this.#inTransaction,
      parses: this.#parses,
      binds: this.#binds,
      learns: this.#learns,
      described: this.#described,
      behind: undefined,
    };
    this.#sent.push(sent);
    this.#parses = undefined;
    this.#binds = undefined;
    this.#learns = undefined;
    this.#described = undefined;
    this.#closes = false;
    return sent;
  }

  /** What is sent in this turn of the event loop leaves at its end. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    const { stream } = this;
    stream.cork();
    process.nextTick(() => {
      this.#gathering = false;
      this.#leave();
      stream.uncork();
    });
  }

  /** Sends the Sync that was held back. */
  #leave(): void {
    if (this.#last === undefined) return;
    this.#last.synced = true;
    this.#last = undefined;
    super.sync();
  }

  /**
   * The names that the server skips can be prepared from now on. A later flight may have left that
   * executes one: the server looks for the name before it says that the transaction is aborted.
   * What is behind a text such as ROLLBACK TO is not in it.
   */
  #fail(error: unknown, failed: Sent): void {
    if (!failed.synced) this.#failure = { error };
    if (!failed.inTransaction) return;
    const skipped = new Set<string>();
    let isSkipping = true;
    for (const sent of this.#sent) {
      if (sent !== failed && sent.left === 0) return;
      if (isSkipping && sent.parses !== undefined) {
        delete this.submittedNamedStatements[sent.parses];
        skipped.add(sent.parses);
      }
      if (!isSkipping && sent.binds !== undefined && skipped.has(sent.binds)) sent.behind = error;
      if (sent.synced) isSkipping = false;
    }
  }

  /** The server has come to a Sync: what it has not replied to is skipped. */
  #skip(): void {
    const failure = this.#failure;
    if (failure === undefined) {
      this.#sent.shift();
      return;
    }
    this.#failure = undefined;
    // With a failure `pg` forgets the name; it may have been sent again meanwhile.
    const submitted = { ...this.submittedNamedStatements };
    while (this.#sent.shift()?.synced === false) {
      super.emit("readyForQuery", { status: "E" });
      super.emit("errorMessage", skippedBehind(failure.error));
    }
    Object.assign(this.submittedNamedStatements, submitted);
  }
}

/** As the server says it of a statement in a transaction that is aborted. */
function skippedBehind(cause: unknown): pg.DatabaseError {
  const text = `current transaction is aborted: skipped behind a failure, ${messageOf(cause)}`;
  const error = new pg.DatabaseError(text, 0, "error");
  return Object.assign(error, { severity: "ERROR", code: "25P02", cause });
}

/** A client of `pg` whose statements travel together. */
export class FlightClient extends pg.Client {
  constructor(config: pg.ClientConfig = {}) {
    const connection = new FlightConnection(config);
    const own: pg.ClientConfig & { readonly connection: pg.Connection } = { connection };
    // The pool has made the password a property that is not enumerable.
    super(Object.defineProperties(own, Object.getOwnPropertyDescriptors(config)));
    // The client has read the URL, which may ask for TLS.
    connection.ssl = this.ssl;
    if ("sslNegotiation" in this) connection.sslNegotiation = this.sslNegotiation;
  }
}
