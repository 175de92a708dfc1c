import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { memoryCeiling, sqliteCeiling } from "./ceilings.ts";
import { odoriMemory, odoriSqlite } from "./odori.ts";
import type { Contestant, Round } from "./workload.ts";

const HELP = `Measures whole order sagas (four steps, four databases) against hand-made code that does the least, alternating in one run.

  npm run bench                        5 rounds
  npm run bench -- --quick             a look in well under a minute
  npm run bench -- --json FILE         also write the figures there

Every run is checked afterwards: each row exactly once, or it does not count. Compare ratios within one run; absolute figures move with the machine.
`;

interface Entry {
  readonly contestant: Contestant;
  readonly sagas: number;
  /** What its ratio is taken to. */
  readonly against: Contestant | undefined;
}

const { values } = parseArgs({ options: { quick: { type: "boolean" }, json: { type: "string" }, help: { type: "boolean" } } });
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const rounds = values.quick ? 3 : 5;
const scale = values.quick ? 0.4 : 1;
const ceiling = sqliteCeiling(100);
const entries: readonly Entry[] = [
  { contestant: odoriSqlite, sagas: 10_000 * scale, against: ceiling },
  { contestant: ceiling, sagas: 10_000 * scale, against: undefined },
  { contestant: sqliteCeiling(10), sagas: 5_000 * scale, against: undefined },
  { contestant: sqliteCeiling(1), sagas: 1_500 * scale, against: undefined },
  { contestant: odoriMemory, sagas: 50_000 * scale, against: memoryCeiling },
  { contestant: memoryCeiling, sagas: 50_000 * scale, against: undefined },
];

const measured = new Map<Contestant, Round[]>();
for (let round = 0; round <= rounds; round++) {
  for (const { contestant, sagas } of entries) {
    const result = await contestant.run(sagas);
    // The first round only warms up.
    if (round > 0) measured.set(contestant, [...(measured.get(contestant) ?? []), result]);
    process.stderr.write(
      `${round === 0 ? "warm-up" : `round ${round}`}  ${contestant.name}: ${Math.round(result.sagasPerSecond)} sagas/s\n`,
    );
  }
}

const rows = entries.map(({ contestant, sagas, against }) => {
  const speeds = speedsOf(contestant);
  const ratio = against && median(speeds) / median(speedsOf(against));
  return {
    name: contestant.name,
    durability: contestant.durability,
    sagas,
    sagasPerSecond: Math.round(median(speeds)),
    lowest: Math.round(Math.min(...speeds)),
    highest: Math.round(Math.max(...speeds)),
    cpuMsPerSaga: Number(median((measured.get(contestant) ?? []).map((result) => result.cpuMsPerSaga)).toFixed(4)),
    ratio: ratio === undefined ? undefined : Number(ratio.toFixed(2)),
    against: against?.name,
  };
});
process.stdout.write(`Node ${process.version}, ${cpus().length} cores, median of ${rounds} alternating rounds\n\n`);
process.stdout.write("|  | sagas/s | range | CPU ms/saga | ratio | durability |\n| --- | --- | --- | --- | --- | --- |\n");
for (const row of rows) {
  const ratio = row.ratio === undefined ? "" : `${row.ratio} of "${row.against}"`;
  const range = `${row.lowest.toLocaleString("en")} - ${row.highest.toLocaleString("en")}`;
  process.stdout.write(
    `| ${row.name} | ${row.sagasPerSecond.toLocaleString("en")} | ${range} | ${row.cpuMsPerSaga} | ${ratio} | ${row.durability} |\n`,
  );
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);

function speedsOf(contestant: Contestant): readonly number[] {
  return (measured.get(contestant) ?? []).map((result) => result.sagasPerSecond);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
