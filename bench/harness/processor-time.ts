import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Processor time so far, in milliseconds. */
export interface ProcessorTime {
  readonly own: number;
  /** Of the servers: everything that the benchmark has started beside this process. */
  readonly servers: number;
  readonly machine: number;
}

/** Ticks of the fields in `/proc/<pid>/stat` in a second, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads the clocks. Without `/proc` the servers have none, and others cannot be told from them. */
export function processorTime(): ProcessorTime {
  const { user, system } = process.cpuUsage();
  const machine = cpus().reduce(
    (sum, { times }) => sum + times.user + times.sys + times.nice + times.irq,
    0,
  );
  return { own: (user + system) / 1_000, servers: descendantsMs(process.ppid), machine };
}

/** How many cores others used: neither this process nor its servers. Undefined without `/proc`. */
export function foreignCores(
  before: ProcessorTime,
  after: ProcessorTime,
  elapsedMs: number,
): number | undefined {
  if (after.servers === 0) return undefined;
  const spent = (of: keyof ProcessorTime) => after[of] - before[of];
  return Math.max(0, spent("machine") - spent("own") - spent("servers")) / elapsedMs;
}

interface Process {
  readonly parent: number;
  readonly ms: number;
}

/** The time of a process and of all below it, but for this one. */
function descendantsMs(root: number): number {
  const processes = new Map<number, Process>();
  for (const name of names()) {
    const one = /^\d+$/.test(name) ? readProcess(name) : undefined;
    if (one !== undefined) processes.set(Number(name), one);
  }
  let sum = 0;
  for (const [pid, { ms }] of processes) {
    if (pid === process.pid) continue;
    let at: number | undefined = pid;
    while (at !== undefined && at !== root) at = processes.get(at)?.parent;
    if (at === root) sum += ms;
  }
  return sum;
}

function names(): readonly string[] {
  try {
    return readdirSync("/proc");
  } catch {
    return [];
  }
}

/** Processor time of some processes so far, in milliseconds. One that has ended counts nothing. */
export function timeOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readProcess(`${pid}`)?.ms ?? 0), 0);
}

/** Undefined for a process that has ended meanwhile. */
function readProcess(pid: string): Process | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name, in brackets, may hold blanks. Times: own, and of children that have ended.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((all, field) => all + Number(field), 0);
  return { parent: Number(fields[1]), ms: (ticks * 1_000) / TICKS_PER_SECOND };
}
