import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A block begins with its command. `| head -N` leaves out what comes after N lines. */
const BLOCK = /```console\n\$ odori (.*?)(?: \| head -(\d+))?\n[\s\S]*?```/g;

/** Runs the commands of a page in a folder, and returns the page with what they print. */
export function withOutputs(page: string, folder: string): string {
  return page.replaceAll(BLOCK, (_, command: string, head: string | undefined) => {
    const lines = run(command, folder);
    const shown = head === undefined ? lines : lines.slice(0, Number(head));
    const cut = head === undefined ? "" : ` | head -${head}`;
    return ["```console", `$ odori ${command}${cut}`, ...shown, "```"].join("\n");
  });
}

function run(command: string, folder: string): readonly string[] {
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const main = join(ROOT, "src", "cli", "main.ts");
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, main, ...command.split(" ")], {
    cwd: join(ROOT, folder),
    encoding: "utf8",
  });
  // How long it took differs each time.
  return `${stdout}${stderr}`
    .trimEnd()
    .replaceAll(/, [\d.]+ ms\b/g, "")
    .split("\n");
}
