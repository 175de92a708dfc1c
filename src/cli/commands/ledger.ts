import { Command } from "commander";
import { type AccountLine, unexplained } from "../../observer/ledger.ts";
import type { Projection } from "../../observer/projection.ts";
import { type SagaVerdict, VERDICTS } from "../../observer/verdict.ts";
import {
  type ChoreographyFlags,
  choreographyOption,
  namedManifest,
} from "../choreography-option.ts";
import { jsonOption } from "../data.ts";
import { notReadLines } from "../not-read.ts";
import { FOUND, paint, print, printJson, table } from "../output.ts";
import {
  type SourceFlags,
  shownSources,
  sourceFlags,
  sourcePlacesOf,
  withSources,
} from "../sources.ts";

interface Flags extends SourceFlags, ChoreographyFlags {
  readonly projection: string;
  readonly all: boolean;
  readonly json: boolean;
}

/** Verdicts that a person has to look at. */
const WRONG: readonly SagaVerdict[] = [
  ...(["illegal", "doomed", "parked", "at risk", "unheard", "late", "stuck"] as const),
];

/** Creates `odori ledger`: counts sagas by verdict, and accounts for every event. */
export function ledgerCommand(): Command {
  return sourceFlags(
    new Command("ledger")
      .summary("account for every event, and count sagas by verdict")
      .description(
        "Read the journals of all services, and account for every event: it was handled, put " +
          "off, or is on its way.",
      ),
  )
    .addOption(choreographyOption("choreography that says how sagas end"))
    .option(
      "--projection <file>",
      "keep what was read in a file, and go on there the next time; it may be deleted",
      ":memory:",
    )
    .option("--all", "show every event at every reaction, and not only what is open", false)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori ledger --data .odori/order --source src/choreography.ts
  odori ledger --postgres postgres://observer@localhost/shop --projection ledger.db
  ODORI_SOURCE_TOKEN=… odori ledger --http https://payment.example/odori/source
  odori ledger --all --json

Verdicts, the first that holds:
  illegal    a service has done what none of its versions declares
  doomed     it breaks a rule, also if what is parked is retried or discarded
  parked     a delivery was given up on
  succeeded, undone   it has ended
  at risk    a delivery was discarded, and the saga may break a rule
  unheard    an event is in no outbox and not on the bus, and was not heard: odori republish
  retrying   a delivery failed and is tried again
  late       an event has been on its way for ten times as long as usual, or a minute
  running    an event is on its way, or it may go on in a service that is not read
  waiting    only deadlines are left
  stuck      nothing is left to happen, and the saga has no end
  rest       nothing is left to happen; no --source says what an end is

The role of --postgres need only read; readingGrants of odori/postgres prints its statements.

Exit status: 0 nothing is wrong, 1 a saga needs a person or an event is not accounted for, 2 the
command could not run.`,
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const places = await sourcePlacesOf(flags);
  const manifest = await namedManifest(flags);
  const ends =
    manifest && manifest.succeeds.length + manifest.fails.length > 0 ? manifest : undefined;
  const [{ FromHere }, { Observer }, { Projection }] = await Promise.all([
    import("../../check/from-here/from-here.ts"),
    import("../../observer/observer.ts"),
    import("../../observer/projection.ts"),
  ]);
  const projection = new Projection(flags.projection);
  const fromHere = manifest && new FromHere(manifest);
  try {
    const read = await withSources(places, async (sources) => {
      const observer = new Observer({
        sources,
        projection,
        ends,
        choreography: manifest,
        foresee: fromHere && ((parts, read) => fromHere.of(parts, read)),
      });
      return { rows: await observer.catchUp(), unread: observer.unnamed };
    });
    report(projection, read, flags, shownSources(places));
  } finally {
    projection.close();
  }
}

/** What was read. */
interface LedgerRead {
  readonly rows: number;
  /** Services of the choreography whose databases are not read. */
  readonly unread: readonly string[];
}

function report(
  projection: Projection,
  { rows, unread }: LedgerRead,
  flags: Flags,
  where: string,
): void {
  projection.tick(Date.now());
  const counts = projection.counts();
  const lines = projection.accounts(Date.now());
  const missing = lines.reduce((sum, line) => sum + Math.abs(unexplained(line)), 0);
  if (flags.json)
    printJson({ rows, verdicts: Object.fromEntries(counts), ledger: lines, missing, unread });
  else {
    show(counts, flags.all ? lines : lines.filter(isOpen), where);
    sayWhetherAll(missing, unread);
  }
  if (missing > 0 || WRONG.some((verdict) => counts.has(verdict))) process.exitCode = FOUND;
}

function isOpen(line: AccountLine): boolean {
  return line.putOff + line.onItsWay > 0 || unexplained(line) !== 0;
}

function show(
  counts: ReadonlyMap<SagaVerdict, number>,
  lines: readonly AccountLine[],
  where: string,
): void {
  const colours = paint();
  if (counts.size === 0) print(`There are no sagas in ${where}.`);
  for (const verdict of VERDICTS) {
    const count = counts.get(verdict);
    if (count === undefined) continue;
    const line = `${verdict.padEnd("succeeded".length)}  ${count}`;
    print(WRONG.includes(verdict) ? colours.bad(line) : line);
  }
  print();
  const header = [
    "event",
    "at",
    "emitted",
    "handled",
    "discarded",
    "put off",
    "on its way",
    "unexplained",
  ];
  if (lines.length > 0) for (const line of table([header, ...lines.map(cells)])) print(line);
}

function sayWhetherAll(missing: number, unread: readonly string[]): void {
  const colours = paint();
  if (missing > 0) print(colours.bad(`${missing} deliveries are not accounted for.`));
  else if (unread.length === 0) print(colours.good("Every event is accounted for."));
  else print("Every event is accounted for, as far as it is read.");
  for (const line of notReadLines(unread)) print(line);
}

function cells(line: AccountLine): readonly string[] {
  const { stem, service, reaction, emitted, handled, discarded, putOff, onItsWay } = line;
  const at = reaction === stem ? service : `${service}: ${reaction}`;
  const numbers = [emitted, handled, discarded, putOff, onItsWay, unexplained(line)];
  return [stem, at, ...numbers.map(String)];
}
