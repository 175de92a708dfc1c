import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { blockOf, programFolder, traceLines } from "../support/page-program.ts";

const PAGE = readFileSync(join(ROOT, "docs", "start.md"), "utf8");

it("the program of the page runs as it is printed, and ends as the page says", {
  timeout: 600_000,
}, async () => {
  using folder = programFolder("saga.ts", blockOf(PAGE, "ts"));
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, "saga.ts"], {
    cwd: folder.path,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(PAGE).toContain(`\`node saga.ts\` prints \`${stdout.trim()}\``);

  const traced = await odori(["trace", "order-1", "--data", "."], undefined, folder.path);
  const shown = blockOf(PAGE, "", "then shows what happened:");
  expect(traceLines(traced.out)).toEqual(traceLines(shown));

  const payment = new DatabaseSync(join(folder.path, "payment.db"), { readOnly: true });
  expect(payment.prepare("SELECT count(*) AS charges FROM charges").get()).toEqual({ charges: 0 });
  payment.close();
});
