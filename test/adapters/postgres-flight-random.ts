import fc from "fast-check";
import type pg from "pg";
import { OWN_TRANSACTION } from "../../src/adapters/postgres/open-transaction.ts";
import { codeOf } from "./postgres-flight.ts";

const { begin, commit, rollback } = OWN_TRANSACTION;

/** One statement of a random transaction. */
type Step =
  | { readonly kind: "insert" | "unnamed" | "simple"; readonly n: number }
  | { readonly kind: "divide"; readonly by: number }
  | { readonly kind: "read" | "nowhere" | "empty" | "several" }
  | { readonly kind: "savepoint" | "release" | "undo"; readonly name: "a" | "b" };

/** The steps of each turn of the event loop; the next one waits for the replies. */
export interface Plan {
  readonly turns: readonly (readonly Step[])[];
  /** Whether BEGIN leaves with the first turn, and COMMIT with the last one. */
  readonly begins: boolean;
  readonly commits: boolean;
}

const n = fc.nat(6);
const names = fc.constantFrom("a" as const, "b" as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("insert" as const), n }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("unnamed", "simple"), n }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("divide" as const), by: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("read", "nowhere", "empty", "several") }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("savepoint", "release", "undo"), name: names }),
  },
);

export const plans: fc.Arbitrary<Plan> = fc.record({
  turns: fc.array(fc.array(step, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
  begins: fc.boolean(),
  commits: fc.boolean(),
});

/** What is left of a plan: the outcome of each step, and the rows that it has committed. */
export async function outcomesOf(
  client: pg.ClientBase,
  { table, run }: { readonly table: string; readonly run: number },
  { turns, begins, commits }: Plan,
): Promise<unknown> {
  await client.query(`TRUNCATE ${table}`);
  const outcomes: unknown[] = [];
  const begun = client.query(begin);
  if (!begins) await begun;
  let committed: Promise<pg.QueryResult> | undefined;
  for (const [turn, steps] of turns.entries()) {
    const sent = steps.map((one) => send(client, { table, run }, one));
    if (commits && turn === turns.length - 1) committed = client.query(commit);
    // Whether it is skipped, or answered with ROLLBACK, it commits nothing.
    committed?.catch(() => {});
    for (const one of await Promise.allSettled(sent)) outcomes.push(outcomeOf(one));
  }
  committed ??= client.query(commit);
  const kept = await committed.then(
    ({ command }) => command === "COMMIT",
    () => false,
  );
  await client.query(rollback);
  const { rows } = await client.query(`SELECT n FROM ${table} ORDER BY n`);
  return { outcomes, kept, rows };
}

/** Each run has names of its own, which are not prepared yet. */
function send(
  client: pg.ClientBase,
  { table, run }: { readonly table: string; readonly run: number },
  step: Step,
): Promise<pg.QueryResult> {
  const name = `${step.kind}${run}`;
  const insert = `INSERT INTO ${table} VALUES ($1)`;
  switch (step.kind) {
    case "insert":
      return client.query({ name, text: `${insert} RETURNING n`, values: [step.n] });
    case "unnamed":
      return client.query(insert, [step.n]);
    case "simple":
      return client.query(`INSERT INTO ${table} VALUES (${step.n})`);
    case "divide":
      return client.query({ name, text: "SELECT 6 / $1::int AS q", values: [step.by] });
    case "read":
      return client.query({ name, text: `SELECT n, $1 AS b FROM ${table}`, values: ["x"] });
    case "nowhere":
      return client.query({ name, text: "SELECT $1::int FROM nowhere", values: [1] });
    case "empty":
      return client.query({ name, text: "" });
    case "several":
      return client.query(`SELECT 1 AS one; SELECT count(*) FROM ${table}`);
    case "savepoint":
      return client.query(`SAVEPOINT ${step.name}`);
    case "release":
      return client.query(`RELEASE ${step.name}`);
    case "undo":
      return client.query(`ROLLBACK TO ${step.name}`);
  }
}

function outcomeOf(settled: PromiseSettledResult<pg.QueryResult | undefined>): unknown {
  if (settled.status === "fulfilled")
    return [settled.value]
      .flat()
      .map((result) => [result?.command, result?.rowCount, result?.rows, namesOf(result)]);
  // A statement whose Parse has failed may be sent again by its name alone, before that is known.
  return codeOf(settled).replace("26000", "25P02");
}

const namesOf = (result: pg.QueryResult | undefined) => result?.fields.map(({ name }) => name);
