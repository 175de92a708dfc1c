import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { migrate, postgres } from "odori/postgres";
import pg from "pg";
import { PostgresSource } from "../../src/adapters/postgres/source.ts";
import { sampleEntry, sampleReceipt, writes } from "../../src/conformance/samples.ts";
import type { JournalSource } from "../../src/ports/source.ts";
import { ownServer } from "../servers/own.ts";
import { newSchema } from "../servers/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { stopping } from "../support/scope.ts";

const session = { service: "shop", owner: "p1", leaseMs: 60_000, now: Date.now };
const PAGE = 50;
const LATE_ROUNDS = 10;

/** The tables of one service, written to by transactions that a test leads. */
class Journal implements AsyncDisposable {
  readonly schema = newSchema();
  readonly url: string;
  readonly #own: pg.Pool;
  readonly #sources: JournalSource[] = [];
  readonly #writers: Writer[] = [];

  private constructor(url: string) {
    this.url = url;
    this.#own = new pg.Pool({ connectionString: url, max: 12 });
  }

  static async make(url: string): Promise<Journal> {
    const journal = new Journal(url);
    await migrate("shop", { connectionString: url, schema: journal.schema });
    return journal;
  }

  /** A transaction that has its id, as those of the runtime have once they hold their locks. */
  async begin(): Promise<Writer> {
    const client = await this.#own.connect();
    await client.query("BEGIN");
    await client.query("SELECT pg_current_xact_id()");
    const writer = new Writer(client, this.schema);
    this.#writers.push(writer);
    return writer;
  }

  source(options = ""): JournalSource {
    const url = new URL(this.url);
    if (options !== "") url.searchParams.set("options", options);
    const source = new PostgresSource({ connectionString: url.href, schema: this.schema });
    this.#sources.push(source);
    return source;
  }

  query(text: string): Promise<pg.QueryResult> {
    return this.#own.query(text.replaceAll("$S", this.schema));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A transaction that a failed test leaves open would hold the tables for ever.
    for (const writer of this.#writers) await writer.end("ROLLBACK");
    for (const source of this.#sources) await source.close();
    await this.#own.query(`DROP SCHEMA ${this.schema} CASCADE`);
    await this.#own.end();
  }
}

class Writer {
  readonly #client: pg.PoolClient;
  readonly #schema: string;
  #open = true;

  constructor(client: pg.PoolClient, schema: string) {
    this.#client = client;
    this.#schema = schema;
  }

  async write(...ids: readonly string[]): Promise<void> {
    await this.#client.query(
      `INSERT INTO ${this.#schema}.inbox
         (born, saga_id, reaction, source, id, stem, type, disposition, emitted, at)
       SELECT 1, 's', 'charge', '/order', value, 'order.placed', 'order.placed.v1', 'done',
         '[]', 1
       FROM json_array_elements_text($1::text::json)`,
      [JSON.stringify(ids)],
    );
  }

  /** Ends the transaction, unless it has ended. */
  async end(how: "COMMIT" | "ROLLBACK"): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#client.query(how);
    this.#client.release();
  }
}

/** A reader that keeps its place between the pages. */
class Reader {
  readonly ids: string[] = [];
  readonly #source: JournalSource;
  cursor: string | undefined;

  constructor(source: JournalSource) {
    this.#source = source;
  }

  /** Reads what there is; returns the ids that are new. */
  async read(): Promise<readonly string[]> {
    const before = this.ids.length;
    for (let more = true; more; ) {
      const page = await this.#source.feed(this.cursor, PAGE);
      this.ids.push(...page.rows.map(({ id }) => id));
      this.cursor = page.cursor;
      more = page.more;
    }
    return this.ids.slice(before);
  }
}

/** The feed of Postgres, where numbers are not committed in their order. */
export function feedCases({ describe, it }: Runner, url: () => string): void {
  describe("the feed on postgres", () => {
    it("a row whose transaction commits late is read, whichever id that has", async () => {
      // No other test has a transaction there: one that is older or later hides a wrong bound.
      await using server = stopping(await ownServer("postgres"));
      await using journal = await Journal.make(server.url);
      const reader = new Reader(journal.source());
      for (let round = 0; round < LATE_ROUNDS; round++) {
        // The later id has the earlier number: it lies above every transaction that has ended.
        const fast = await journal.begin();
        const slow = await journal.begin();
        await slow.write(`slow ${round}`);
        await fast.write(`fast ${round}`);
        await fast.end("COMMIT");
        assert.deepEqual(await reader.read(), [`fast ${round}`]);
        for (let n = 0; n < 3; n++) assert.deepEqual(await reader.read(), []);
        await slow.end("COMMIT");
        assert.deepEqual(await reader.read(), [`slow ${round}`]);
      }
    });

    it("a number of a transaction that was rolled back is not waited for", async () => {
      await using journal = await Journal.make(url());
      const reader = new Reader(journal.source());
      const gone = await journal.begin();
      await gone.write("gone", "gone too");
      const kept = await journal.begin();
      await kept.write("kept");
      await kept.end("COMMIT");
      assert.deepEqual(await reader.read(), ["kept"]);
      assert.match(reader.cursor ?? "", /^\d+ \d+-\d+<\d+$/);
      await gone.end("ROLLBACK");
      // The feed waits for transactions of other tests on this server: one may have the number.
      const more: string[] = [];
      await eventually("no number is waited for", async () => {
        more.push(...(await reader.read()));
        return /^\d+$/.test(reader.cursor ?? "");
      });
      assert.deepEqual(more, []);
    });

    it("numbers that retention has deleted are one gap, however many they are", async () => {
      await using journal = await Journal.make(url());
      await journal.query("SELECT setval('$S.feed', 100000000)");
      const writer = await journal.begin();
      await writer.write("first");
      await writer.end("COMMIT");
      const reader = new Reader(journal.source());
      assert.deepEqual(await reader.read(), ["first"]);
      const more: string[] = [];
      const cursor = async () => {
        more.push(...(await reader.read()));
        return reader.cursor;
      };
      await eventually("the gap is not waited for", cursor, "100000001");
      assert.deepEqual(more, []);
    });

    it("several writers, rollbacks and long transactions: no row is lost or doubled", async () => {
      await using journal = await Journal.make(url());
      const rows = Number(process.env.ODORI_FEED_ROWS ?? 1_500);
      const committed = await written(journal, rows, new Reader(journal.source()));
      assert.deepEqual(committed.seen.toSorted(), committed.kept.toSorted());
    });

    it("what is read is not compiled just in time", async () => {
      await using journal = await Journal.make(url());
      // Each saga says how its row was read.
      await journal.query("ALTER TABLE $S.saga RENAME TO kept");
      await journal.query(`CREATE VIEW $S.saga AS
        SELECT saga_id, born, last, marks, current_setting('jit') AS correlation_id FROM $S.kept`);
      await journal.query("INSERT INTO $S.kept VALUES ('s', 1, 1, '{}')");
      const writer = await journal.begin();
      await writer.write("first");
      await writer.end("COMMIT");
      const source = journal.source("-c jit=on");
      const { rows } = await source.feed(undefined, PAGE);
      const read = [rows[0]?.saga, ...(await source.inspect.histories(["s"]))];
      assert.deepEqual(
        read.map((saga) => saga?.correlationId),
        ["off", "off"],
      );
    });

    it("the runtime's transactions have their id before they take a number", async () => {
      await using journal = await Journal.make(url());
      const { schema } = journal;
      const store = postgres({ connectionString: url(), schema });
      await store.open(session);
      const assigned = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS yes";
      await store.transaction(async (tx) => {
        await tx.receive([sampleReceipt("1")]);
        assert.deepEqual((await tx.native.query(assigned)).rows, [{ yes: true }]);
        await tx.write(writes({ journal: [sampleEntry("1")] }));
      });
      const client = new pg.Client(url());
      await client.connect();
      await client.query("BEGIN");
      const joined = store.join(client);
      await joined.receive([sampleReceipt("2")]);
      assert.deepEqual((await client.query(assigned)).rows, [{ yes: true }]);
      await client.query("ROLLBACK");
      await client.end();
      await store.close();
    });
  });
}

/** Writes from six connections while one reader reads. */
async function written(journal: Journal, rows: number, reader: Reader) {
  const kept: string[] = [];
  let left = rows;
  let going = true;
  const write = async (writer: number) => {
    for (let n = 0; left > 0; n++) {
      const ids = Array.from({ length: 1 + (n % 4) }, (_, i) => `${writer}-${n}-${i}`);
      left -= ids.length;
      const open = await journal.begin();
      for (const id of ids) await open.write(id);
      // Long ones stay open over many pages.
      for (let turns = n % 9 === 0 ? 20 : 0; turns > 0; turns--) await journal.query("SELECT 1");
      const back = (n + writer) % 7 === 0;
      if (!back) kept.push(...ids);
      await open.end(back ? "ROLLBACK" : "COMMIT");
    }
  };
  const reading = (async () => {
    while (going) await reader.read();
  })();
  await Promise.all([0, 1, 2, 3, 4, 5].map(write));
  going = false;
  await reading;
  await reader.read();
  return { kept, seen: reader.ids };
}
