import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free-ports.ts";

/**
 * How one kind of server is run: as a private process, in a folder of its own, on a free port of
 * the loopback.
 */
export interface Recipe {
  readonly name: string;
  /** Prepares the folder; runs once. */
  prepare?(place: Place): Promise<void>;
  command(place: Place): {
    readonly program: string;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  };
  /** Rejects as long as the server cannot be used. */
  ready(place: Place): Promise<void>;
  url(place: Place): string;
  /** Runs the server's own command against it. */
  control?(place: Place, args: readonly string[]): Promise<void>;
  /** Ends what the server has started beside itself. */
  tidy?(place: Place): void;
  /** Who runs it, where it refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Another free port, for servers that need two. */
  readonly port2: number;
}

const START_LIMIT_MS = 180_000;

/** What still runs ends with this process, however it ends. */
const running = new Set<Server>();
process.once("exit", () => {
  for (const server of running) server.end();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/**
 * A running server. It is killed, paused and started again by its process id, and its folder goes
 * with it.
 */
export class Server {
  readonly url: string;
  readonly place: Place;
  readonly #recipe: Recipe;
  #child: ChildProcess | undefined;
  /** Settles once what was killed last is gone, with the processes that it had started. */
  #gone: Promise<void> = Promise.resolve();
  #output = "";
  #paused: number[] = [];

  private constructor(recipe: Recipe, place: Place) {
    this.#recipe = recipe;
    this.place = place;
    this.url = recipe.url(place);
  }

  static async start(recipe: Recipe): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), `odori-${recipe.name}-`));
    if (recipe.user !== undefined) chownSync(folder, recipe.user.uid, recipe.user.gid);
    const [port, port2] = await freePorts(2);
    const server = new Server(recipe, { folder, port: port ?? 0, port2: port2 ?? 0 });
    running.add(server);
    try {
      await recipe.prepare?.(server.place);
      await server.up();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it (again), on the same port and data, and waits until it can be used. */
  async up(): Promise<void> {
    const { name } = this.#recipe;
    // One that is dying still accepts connections for a moment: it closes its listener last.
    await this.#gone;
    const ready = async () => {
      if (this.#child === undefined) this.#spawn();
      await this.#recipe.ready(this.place);
      return true;
    };
    await eventually(`${name} can be used`, ready, true, START_LIMIT_MS).catch((cause) => {
      throw new Error(`${name} does not start: ${this.#output.slice(-2_000)}`, { cause });
    });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child !== undefined) {
      this.#gone = goneWith(child);
      this.#signal("SIGKILL");
    }
    await this.#gone;
  }

  /** Freezes all its processes: a server may give each a process group of its own. */
  pause(): void {
    const { pid } = this;
    // The first one stops first, so that it starts no other meanwhile.
    for (const one of pid === 0 ? [] : [pid, ...descendantsOf(pid)]) {
      signal(one, "SIGSTOP");
      this.#paused.push(one);
    }
  }

  resume(): void {
    for (const one of this.#paused.splice(0).reverse()) signal(one, "SIGCONT");
  }

  async control(args: readonly string[]): Promise<void> {
    await this.#recipe.control?.(this.place, args);
  }

  async stop(): Promise<void> {
    await this.kill();
    this.end();
  }

  /** Ends it at once, without waiting, and removes its folder. */
  end(): void {
    running.delete(this);
    this.#signal("SIGKILL");
    // Frozen, its processes would not notice.
    this.resume();
    this.#recipe.tidy?.(this.place);
    rmSync(this.place.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  /** To its whole process group: what is started may be a script that starts the server. */
  #signal(name: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid !== undefined) signal(-pid, name);
  }

  #spawn(): void {
    const { program, args, env } = this.#recipe.command(this.place);
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      cwd: this.place.folder,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      ...this.#recipe.user,
    });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => keep(Buffer.from(String(error))));
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has just ended by itself.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Settles once a process has ended, and all those of its group. */
async function goneWith(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => child.once("exit", resolve));
  const living = () => {
    // One that has ended (Z) stays until its parent asks for its status; where threads of it still
    // run (l), its files are open.
    const isGone = (state = "") => state.startsWith("Z") && !state.includes("l");
    return processes("pgid=,stat=").filter(
      ([group, state]) => Number(group) === child.pid && !isGone(state),
    );
  };
  await eventually("the processes of a server are gone", () => living().length, 0, START_LIMIT_MS);
}

/** All processes of this machine, by columns of `ps`. */
function processes(columns: string): readonly (readonly string[])[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", columns], { encoding: "utf8" });
  return stdout.split("\n").map((line) => line.trim().split(/\s+/));
}

/** The processes that a process has started, and those that these have. */
function descendantsOf(pid: number): readonly number[] {
  const pairs = processes("pid=,ppid=").map((columns) => columns.map(Number));
  const found = [pid];
  for (const parent of found)
    for (const [child, of] of pairs) if (of === parent && child !== undefined) found.push(child);
  return found.slice(1);
}
