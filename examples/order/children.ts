import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { OdoriError } from "odori";
import type { Wiring } from "./wiring.ts";

/** A service in a process of its own. */
export interface Child {
  readonly pid: number;
  stop(): Promise<void>;
}

const SERVE = fileURLToPath(new URL("serve.ts", import.meta.url));

/**
 * Resolves once it is running; rejects with what it says where it cannot. It ends with this
 * process, however that ends.
 */
export function spawnService(name: string, { store, bus, data }: Wiring): Promise<Child> {
  const args = [...process.execArgv, SERVE, name, "--store", store, "--bus", bus, "--data", data];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", () => resolve({ pid: child.pid ?? 0, stop }));
    child.once("error", reject);
    ended.then((status) => {
      reject(
        new OdoriError("STOPPED", `The process of ${name} has ended with status ${status}.`, {
          hint: "It says why above.",
        }),
      );
    });
  });
}
