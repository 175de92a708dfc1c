import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ADDRESSES, type Wiring } from "./wiring.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];

/** Opens the console on the orders that have run, until it is stopped. */
export async function showConsole({ store, data }: Wiring): Promise<void> {
  if (!existsSync(join(ROOT, "dist", "page", "index.html")))
    await once(node(join(ROOT, "scripts", "build-page.mjs")), "exit");
  const place = store === "postgres" ? ["--postgres", ADDRESSES.postgres] : ["--data", data];
  const choreography = join(ROOT, "examples", "order", "choreography.ts");
  const command = ["src", "cli", "main.ts"];
  const child = node(
    ...[...FLAGS, join(ROOT, ...command), "console", choreography, ...place],
    ...["--allow", "retry,discard,payloads"],
  );
  // Ctrl-C reaches the child as well, which ends by itself.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  await once(child, "exit");
}

function node(...args: readonly string[]) {
  return spawn(process.execPath, args, { stdio: "inherit" });
}
