import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A block begins with its command. `| head -N` leaves out what comes after N lines. */
const BLOCK = /```console\n\$ odori (.*?)(?: \| head -(\d+))?\n[\s\S]*?```/g;
/** A command that found something, or proved it; any other status is a failure of the page. */
const FINE = new Set<number | null>([0, 1]);

/** Runs the commands of a page in a folder, and returns the page with what they print. */
export function withOutputs(page: string, folder: string): string {
  return page.replaceAll(BLOCK, (_, command: string, head: string | undefined) => {
    const lines = outputOf(command, join(ROOT, folder));
    const shown = head === undefined ? lines : lines.slice(0, Number(head));
    const cut = head === undefined ? "" : ` | head -${head}`;
    return ["```console", `$ odori ${command}${cut}`, ...shown, "```"].join("\n");
  });
}

/**
 * The lines that a command prints in a folder, without times. Throws if the command could not do
 * its work: a page must not show the failure of a busy machine.
 */
export function outputOf(command: string, folder: string): readonly string[] {
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const main = join(ROOT, "src", "cli", "main.ts");
  const ran = spawnSync(process.execPath, [...flags, main, ...command.split(" ")], {
    cwd: folder,
    encoding: "utf8",
  });
  const { status, stdout, stderr } = ran;
  if (!FINE.has(status) || stderr.includes("CHECK_TIMEOUT"))
    throw new Error(
      `odori ${command} ended with ${status}, and is not written: ${stdout}${stderr}`,
    );
  // How long it took differs each time.
  return `${stdout}${stderr}`
    .trimEnd()
    .replaceAll(/, [\d.]+ ms\b/g, "")
    .split("\n")
    .map((line) => line.trimEnd());
}
