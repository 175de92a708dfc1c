import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { timeline } from "../../observe/timeline.ts";
import { type TraceStep, traceOf } from "../../observe/trace.ts";
import type { Deferred } from "../../ports/deferred.ts";
import { recordingOf } from "../../simulate/record.ts";
import { printable } from "../../text/printable.ts";
import { agoText } from "../ago.ts";
import { type ChoreographyFlags, choreographyOption } from "../choreography-option.ts";
import { type Found, jsonOption, withStores } from "../data.ts";
import { foresight, type SagaOutlook } from "../outlook.ts";
import { outlookLines } from "../outlook-text.ts";
import { FOUND, paint, print, printJson } from "../output.ts";
import {
  type PlaceFlags,
  placeFlags,
  type StorePlace,
  shownPlace,
  storePlaceOf,
} from "../place.ts";
import { correlatedIds, recentIds } from "../saga-pages.ts";

interface Flags extends PlaceFlags, ChoreographyFlags {
  readonly correlation?: string;
  readonly ids: boolean;
  readonly json: boolean;
  readonly export?: string;
}

const RECENT = 20;
/** Most sagas of one correlation id. */
const CORRELATED_MAX = 100;
/** Kept for the record: nothing of the saga waits for them. */
const CLOSED = ["discarded"];

/** Creates `odori trace`: prints the journal of one saga, or the ids of recent sagas. */
export function traceCommand(): Command {
  return placeFlags(
    new Command("trace")
      .summary("print what happened in a saga, step by step")
      .description("Print what each service did in a saga, or the ids of the most recent sagas.")
      .argument("[sagaId]", "id of the saga; without it, list the most recent sagas"),
  )
    .option("--correlation <id>", "every saga with this correlation id, at most 100")
    .addOption(choreographyOption("choreography that says how sagas end"))
    .option("--ids", "print the ids of events and of their causes", false)
    .option("--export <file>", "write the saga as `odori simulate --replay` plays it again")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori trace                                       list the most recent sagas
  odori trace order-000003 --data .odori/order
  odori trace order-000003 --postgres postgres://localhost/shop --schema order payment
  odori trace order-000003 --source src/choreography.ts
  odori trace --correlation web-77 --ids
  odori trace order-000003 --export trace.json

After the steps of a saga that has not ended: why it stands where it does, which steps come next,
how it may end, and which events may still happen. Without --source the ends are not known.

Steps stand in the order of cause. A time that contradicts it, because the clocks of two services
differ, is marked with ?.

Exit status: 0 found, 1 the saga has parked deliveries, 2 the command could not run.`,
    )
    .action(async (sagaId: string | undefined, flags: Flags) => {
      const { correlation } = flags;
      if (sagaId !== undefined && correlation !== undefined)
        throw new OdoriError("USAGE", "trace takes a saga id or --correlation, not both.");
      const place = await storePlaceOf(flags);
      return withStores(place, async (found) => {
        if (sagaId !== undefined) {
          const traces = await tracesOf([sagaId], found, place, flags);
          if (flags.export !== undefined) writeRecording(flags.export, traces[0]);
          return show(traces, flags);
        }
        if (correlation === undefined) return list(found, place, flags);
        const ids = await correlatedIds(found, correlation, CORRELATED_MAX);
        if (ids.length > 0) return show(await tracesOf(ids, found, place, flags), flags);
        throw notFound(`knows the correlation id ${quote(correlation)}`, place);
      });
    });
}

async function list(found: readonly Found[], place: StorePlace, flags: Flags): Promise<void> {
  const sagas = await recentIds(found, RECENT);
  if (flags.json) printJson({ sagas });
  else if (sagas.length === 0) print(`There are no sagas in ${shownPlace(place)}.`);
  else for (const id of sagas) print(printable(id));
}

/** What is known of one saga. */
interface Trace {
  readonly sagaId: string;
  readonly correlationId: string;
  readonly steps: readonly TraceStep[];
  readonly open: readonly (Deferred & { readonly service: string })[];
  readonly foreseen: SagaOutlook;
  /** The services whose clocks are far from that of this process: by how much they are ahead. */
  readonly clocks: readonly { readonly service: string; readonly aheadMs: number }[];
}

async function tracesOf(
  sagaIds: readonly string[],
  found: readonly Found[],
  place: StorePlace,
  flags: Flags,
): Promise<readonly Trace[]> {
  const { reader, outlook } = await foresight(found, flags);
  const read = await reader.read(sagaIds);
  const clocks = reader.clocks.far;
  return sagaIds.map((sagaId) => {
    const saga = read.get(sagaId);
    if (saga === undefined) throw notFound(`knows the saga ${quote(sagaId)}`, place);
    const { parts } = saga;
    const other = parts.find(({ history }) => history.correlationId !== sagaId);
    return {
      sagaId,
      correlationId: other?.history.correlationId ?? sagaId,
      steps: traceOf(
        parts.map(({ service, history: { journal, deferred } }) => ({
          ...{ service, records: journal, deferred },
        })),
        (service) => clocks.get(service) ?? 0,
      ),
      clocks: parts.flatMap(({ service }) => {
        const aheadMs = clocks.get(service);
        return aheadMs === undefined ? [] : [{ service, aheadMs }];
      }),
      open: parts.flatMap(({ service, history }) =>
        history.deferred
          .filter(({ state }) => !CLOSED.includes(state))
          .map((row) => ({ service, ...row })),
      ),
      foreseen: outlook(saga),
    };
  });
}

/** Writes a saga so that it can be simulated. */
function writeRecording(file: string, trace: Trace | undefined): void {
  if (trace === undefined) return;
  const recording = recordingOf(trace.sagaId, trace.steps);
  try {
    writeFileSync(file, `${JSON.stringify(recording, undefined, 2)}\n`);
  } catch (cause) {
    throw new OdoriError("FILE_UNREADABLE", `Cannot write ${quote(file)}: ${messageOf(cause)}.`, {
      cause,
      hint: "Check its folder and the permissions.",
    });
  }
}

function show(traces: readonly Trace[], flags: Flags): void {
  const shown = traces.map(({ open, foreseen, ...trace }) => ({
    ...trace,
    open: open.map(summary),
    state: foreseen.summary.state,
    waitsFor: foreseen.summary.open,
    rests: foreseen.summary.rests,
    outlook: foreseen.outlook,
  }));
  if (flags.json) printJson(flags.correlation === undefined ? shown[0] : { sagas: shown });
  else
    for (const [index, trace] of traces.entries()) {
      if (index > 0) print();
      showOne(trace, flags);
    }
  if (traces.some(({ open }) => open.some(({ state }) => state === "parked")))
    process.exitCode = FOUND;
}

function showOne(
  { sagaId, correlationId, steps, open, foreseen, clocks }: Trace,
  flags: Flags,
): void {
  const colours = paint();
  if (correlationId !== sagaId || flags.correlation !== undefined)
    print(colours.bold(printable(`${sagaId}  correlation ${correlationId}`)));
  for (const line of timeline(steps, colours, { ids: flags.ids })) print(line);
  for (const row of open) {
    const problem =
      row.problem === undefined ? "" : `: ${row.problem.code}: ${printable(row.problem.message)}`;
    print(
      colours.bad(`${row.service}/${row.seq}  ${row.state}  ${printable(row.reaction)}${problem}`),
    );
  }
  for (const { service, aheadMs } of clocks)
    print(
      colours.dim(
        `The clock of ${service} is ${agoText(Math.abs(aheadMs))} ` +
          `${aheadMs > 0 ? "ahead" : "behind"}: its times are corrected.`,
      ),
    );
  for (const line of outlookLines(foreseen, Date.now())) print(line);
}

function notFound(what: string, place: StorePlace): OdoriError {
  return new OdoriError("DATA_NOT_FOUND", `No service in ${shownPlace(place)} ${what}.`, {
    hint: "Run `odori trace` without an id to list the most recent sagas.",
  });
}

function summary({
  service,
  seq,
  state,
  reaction,
  attempts,
  dueAt,
  problem,
}: Deferred & { readonly service: string }) {
  return { id: `${service}/${seq}`, state, reaction, attempts, dueAt, problem };
}
