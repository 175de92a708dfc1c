import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CRASH_POINTS } from "odori";
import { expect, it } from "vitest";
import { DEV_COMMANDS, performLine } from "../../src/cli/dev/commands.ts";
import type { DevControl } from "../../src/dev/control.ts";
import { faultText, readFault } from "../../src/dev/fault.ts";
import { ROOT } from "../tidy/sources.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "dev.md"), "utf8");

/** Takes each line, and says of a fault what was understood. */
const control: DevControl = {
  begun: { count: 0, last: [] },
  failure: undefined,
  forms: async () => [],
  places: async () => [],
  begin: async () => ({ sagaId: "s", begun: true }),
  again: async () => ({ sagaId: "s", begun: true }),
  fault: async (fault) => [readFault(fault)],
  faults: async () => [],
  clear: async () => [],
  sagas: async () => [],
};

it("each line of the page and of the help is a command, and each fault is one", async () => {
  const shown = [...PAGE.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, line = ""]) => line),
  );
  const faults = shown.filter((line) => line.startsWith("fault "));
  expect(faults.length).toBe(6);
  for (const line of faults) {
    const kind = line.split(" ")[1] ?? "";
    const [understood = ""] = await performLine(control, line);
    expect([line, understood.startsWith(`fault ${kind} payment`)]).toEqual([line, true]);
    expect(DEV_COMMANDS).toContain(`fault ${kind} `);
  }
  const others = shown.filter((line) => !faults.includes(line) && line !== "quit");
  expect(others.length).toBe(6);
  for (const line of others) await performLine(control, line.replace("{…}", "{}"));
  for (const point of CRASH_POINTS) {
    expect([point, PAGE.includes(`\`${point}\``), DEV_COMMANDS.includes(point)]).toEqual([
      point,
      true,
      true,
    ]);
    const fault = { kind: "kill", service: "payment", point };
    expect(faultText(readFault(fault))).toBe(`kill payment ${point}`);
  }
});
