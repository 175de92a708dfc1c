import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, Connection } from "@temporalio/client";
import pg from "pg";
import { withDatabase } from "../harness/database.ts";
import { howToGet, startServers } from "../harness/servers.ts";
import { startTemporal } from "./temporal-server.ts";

/*
 * Shows what "activities run at least once" means for rows in a database of one's own:
 * `npm run bench:temporal`. A worker is killed again and again while sagas run, and a step outlives
 * the time that its workflow gives it.
 */

const SAGAS = 60;
const KILLS = 4;
const STEPS_A_SAGA = 4;

const { servers, stop } = await startServers(new Set(["postgres", "temporal"] as const));
try {
  for (const name of ["postgres", "temporal"] as const)
    if (servers[name] === "") throw new Error(`${name} is missing: ${howToGet(name)}`);
  await withDatabase(servers.postgres, async (url) => {
    const folder = mkdtempSync(join(tmpdir(), "odori-temporal-"));
    const server = await startTemporal(servers.temporal, url, folder);
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    try {
      await pool.query(`CREATE TABLE ledger (id bigint GENERATED ALWAYS AS IDENTITY,
        order_id text NOT NULL, step text NOT NULL)`);
      const connection = await Connection.connect({ address: server.address });
      await show(new Client({ connection }), pool, () => workerOf(server.address, url));
      await connection.close();
    } finally {
      await pool.end();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
} finally {
  await stop();
}
// Temporal's client leaves timers behind.
process.exit(0);

async function show(
  client: Client,
  pool: pg.Pool,
  start: () => Promise<ChildProcess>,
): Promise<void> {
  let worker = await start();
  const begin = (workflow: string, id: string) =>
    client.workflow.start(workflow, { taskQueue: "orders", workflowId: id, args: [id] });
  const rows = async () =>
    Number((await pool.query("SELECT count(*) AS rows FROM ledger")).rows[0].rows);
  const sagas: Awaited<ReturnType<typeof begin>>[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const before = await rows();
    for (let n = 0; n < SAGAS / KILLS; n++) sagas.push(await begin("orderRetried", `${kill}-${n}`));
    // In the middle of its work.
    while ((await rows()) < before + SAGAS / KILLS) await pause();
    worker.kill("SIGKILL");
    worker = await start();
  }
  await Promise.all(sagas.map((saga) => saga.result()));
  const { rows: twice } = await pool.query(`SELECT step, count(*) AS orders FROM
    (SELECT step FROM ledger GROUP BY order_id, step HAVING count(*) > 1) AS one GROUP BY step`);
  const sum = twice.reduce((all, { orders }) => all + Number(orders), 0);
  const which = twice.map(({ step, orders }) => `${step} ${orders}`).join(", ");
  process.stdout.write(
    `${SAGAS} sagas, ${KILLS} kills of the worker: ${sum} of ${SAGAS * STEPS_A_SAGA} steps ` +
      `ran twice${sum === 0 ? "" : ` (${which})`}\n`,
  );

  const late = await begin("orderInHaste", "late");
  const outcome = await late.result().then(
    () => "succeeded",
    () => "failed, and has undone its steps",
  );
  const text = "SELECT step FROM ledger WHERE order_id = 'late' ORDER BY id";
  const ledger = async () => (await pool.query(text)).rows.map(({ step }) => String(step));
  while (!(await ledger()).includes("charge")) await pause();
  process.stdout.write(
    `A charge that outlives its time: the workflow ${outcome}; ` +
      `the ledger says ${(await ledger()).join(", ")}\n`,
  );
  worker.kill("SIGKILL");
}

function workerOf(address: string, postgres: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("temporal-faults-worker.ts", import.meta.url));
  const child = fork(program, [address, postgres]);
  process.once("exit", () => child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`the worker ends with ${code}`)));
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
