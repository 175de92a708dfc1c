import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePorts } from "./free-ports.ts";
import { ownNode } from "./packed.ts";

/** A server of a project: it listens until it is told to stop. */
export interface Serving {
  readonly url: string;
  /** Sends SIGTERM, and resolves to how it ended and what it wrote. */
  stop(): Promise<{ readonly status: number | string | null; readonly out: string }>;
}

/** Runs `node <args>` as a deployment does, on a free port. Rejects if it does not listen. */
export async function serving(
  folder: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Serving> {
  const [port] = await freePorts(1);
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
    cwd: folder,
    env: { ...ownNode(), PORT: String(port), ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  const ended = once(child, "close").then(([code, signal]: (number | string | null)[]) => ({
    status: signal ?? code ?? null,
    out,
  }));
  await new Promise<void>((resolve, reject) => {
    const keep = (chunk: Buffer) => {
      out += chunk;
      if (out.includes("Listening on port")) resolve();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    ended.then(({ status }) => reject(new Error(`It ended with ${status}:\n${out}`)), reject);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
