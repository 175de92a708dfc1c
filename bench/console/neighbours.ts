/* Processes beside busy services. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { timeOf } from "../harness/processor-time.ts";
import type { Followed } from "./follower.ts";

const FOLLOWER = fileURLToPath(new URL("follower.ts", import.meta.url));
const COMPUTING = fileURLToPath(new URL("computing.ts", import.meta.url));
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
/** By this name a server of Postgres knows the connections of an observer. */
const CONNECTIONS = "odori-bench-observer";

/** Where the services are, and where the process beside them runs. */
export interface NeighbourPlace {
  readonly folder: string;
  /** Of the server of Postgres; "": the services have files. */
  readonly url: string;
  /** Undefined: any core. */
  readonly core: number | undefined;
}

export interface Observing {
  /** Processor time that the server of Postgres has spent for the observer, in milliseconds. */
  servedMs(): Promise<number>;
  end(): Promise<Followed>;
}

async function start(
  program: string,
  programArgs: readonly string[],
  core: number | undefined,
): Promise<ChildProcess> {
  const child = fork(program, programArgs, { execArgv: FLAGS });
  if (core !== undefined) execFileSync("taskset", ["-acp", `${core}`, `${child.pid}`]);
  await once(child, "message");
  return child;
}

/** An observer in a process of its own. */
export async function observing({ folder, url, core }: NeighbourPlace): Promise<Observing> {
  const child = await start(FOLLOWER, [folder, named(url)], core);
  return {
    servedMs: () => servedMs(url),
    async end() {
      const [said, ended] = [once(child, "message"), once(child, "exit")];
      child.send("stop");
      const [followed]: readonly Followed[] = await said;
      await ended;
      if (followed === undefined) throw new Error("the observer has not told what it saw");
      return followed;
    },
  };
}

/** A process that only computes: what any other one costs that uses the same cores. */
export async function computing({ core }: NeighbourPlace): Promise<() => Promise<void>> {
  const child = await start(COMPUTING, [], core);
  return async () => {
    const ended = once(child, "exit");
    child.disconnect();
    await ended;
  };
}

function named(url: string): string {
  if (url === "") return "";
  const address = new URL(url);
  address.searchParams.set("application_name", CONNECTIONS);
  return address.href;
}

async function servedMs(url: string): Promise<number> {
  if (url === "") return 0;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const text = "SELECT pid FROM pg_stat_activity WHERE application_name = $1";
  const { rows } = await client.query<{ pid: number }>(text, [CONNECTIONS]);
  await client.end();
  return timeOf(rows.map(({ pid }) => pid));
}
