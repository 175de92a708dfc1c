import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { ProgressLine } from "../src/cli/progress.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { rows } from "./simulate/rows.ts";

const HELP = `Measures the simulation beside its goals: how fast its runs are, whether they repeat,
what they find, how short counterexamples get, and that nothing is found where nothing is wrong.
Each row is printed once it is measured.

  npm run bench:simulate                      10,000 seeds for each speed: some minutes
  npm run bench:simulate -- --seeds 1000      a tenth of it
  npm run bench:simulate -- --only speed      the rows whose name has this in it
  npm run bench:simulate -- --json            prints one JSON object
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const seeds = Number(values.seeds);
if (!Number.isSafeInteger(seeds) || seeds < 100)
  throw new Error(`--seeds is ${JSON.stringify(values.seeds)}: a whole number from 100`);
const chosen = rows(seeds).filter(({ what }) => what.includes(values.only));
if (chosen.length === 0) throw new Error(`--only ${values.only}: no row has this in its name`);

// What a handler of a dead process leaves behind.
process.on("unhandledRejection", () => {});

const machine = {
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? "",
  load: loadavg()[0]?.toFixed(1),
};
const show = (line: string) => values.json || process.stdout.write(line);
show(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}, load ${machine.load}\n\n`);
show(tableHead(["what", "goal", "measured"]));
const measured = [];
for (const [place, { what, goal, measure }] of chosen.entries()) {
  const progress = new ProgressLine(process.stderr, undefined);
  const onRun = () => progress.showText(`${place + 1} of ${chosen.length}: ${what}`);
  const { text, ...figures } = await measure(onRun);
  progress.clear();
  show(tableRow([what, goal, text]));
  measured.push({ what, goal, ...figures });
}
if (values.json) process.stdout.write(`${JSON.stringify({ machine, seeds, rows: measured })}\n`);
else show(`\nLoad at the end: ${loadavg()[0]?.toFixed(1)}\n`);
