import { orderIdOf, type Servers } from "../harness/contestant.ts";
import { ENTRIES } from "../harness/entries.ts";
import { type Counts, counted, countStatements } from "./counts.ts";

/*
 * One process with all four services, beside others on the same databases or on other ones. It
 * begins its share of the sagas once it is told to, and ends once it is told to.
 */

/** What a process is told when it starts. */
export interface Share {
  readonly contestant: string;
  readonly servers: Servers;
  readonly first: number;
  /** Sagas before those that are measured, so that the code is compiled. */
  readonly warm: number;
  readonly sagas: number;
  /** Whether to count statements. */
  readonly counts: boolean;
}

/** What a process says: it is ready, and what it has used and done from the signal to begin. */
export type Said = { readonly ready: true } | { readonly cpuMs: number; readonly counts: Counts };

/** Sagas that the process begins at the same time. */
const CALLERS = 200;

const share: Share = JSON.parse(process.argv[2] ?? "{}");
if (share.counts) countStatements();
const entry = ENTRIES.find(({ name }) => name === share.contestant);
if (entry === undefined) throw new Error(`no contestant ${share.contestant}`);
const contestant = await entry.load();
// A saga may end in any of the processes, so the parent looks at the rows.
const running = await contestant.open({ servers: share.servers, folder: "", finished() {} });

const say = (what: Said) => process.send?.(what);
let before = process.cpuUsage();
let countedBefore: Counts = {};

async function beginAll(first: number, sagas: number): Promise<void> {
  before = process.cpuUsage();
  countedBefore = counted();
  let next = first;
  const end = first + sagas;
  const caller = async () => {
    while (next < end) await running.begin(orderIdOf(next++));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

process.on("message", async (told) => {
  const { first, warm, sagas } = share;
  if (told === "warm") await beginAll(first, warm);
  if (told === "begin") await beginAll(first + warm, sagas);
  if (told !== "end") return;
  const { user, system } = process.cpuUsage(before);
  const done = Object.entries(counted());
  const counts = Object.fromEntries(
    done.map(([name, count]) => [name, count - (countedBefore[name] ?? 0)]),
  );
  await running.close();
  process.send?.({ cpuMs: (user + system) / 1_000, counts } satisfies Said, () => process.exit(0));
});
say({ ready: true });
