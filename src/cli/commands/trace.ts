import { Command } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { timeline } from "../../observe/timeline.ts";
import { traceOf } from "../../observe/trace.ts";
import type { Deferred } from "../../ports/deferred.ts";
import { printable } from "../../text/printable.ts";
import { dataOption, type Found, jsonOption, shownData, withStores } from "../data.ts";
import { FOUND, paint, print, printJson } from "../output.ts";

interface Flags {
  readonly data: string;
  readonly json: boolean;
}

const RECENT = 20;

/** Creates `odori trace`: prints the journal of one saga, or the ids of recent sagas. */
export function traceCommand(): Command {
  return new Command("trace")
    .summary("print what happened in a saga, step by step")
    .description("Print what each service did in a saga, or the ids of the most recent sagas.")
    .argument("[sagaId]", "id of the saga; without it, list the most recent sagas")
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori trace                                       list the most recent sagas
  odori trace order-000003 --data .odori/order
  odori trace order-000003 --data postgres://localhost/shop --json

Exit status: 0 found, 1 the saga has parked deliveries, 2 the command could not run.`,
    )
    .action((sagaId: string | undefined, flags: Flags) =>
      withStores(flags.data, (found) =>
        sagaId === undefined ? list(found, flags) : show(sagaId, found, flags),
      ),
    );
}

async function list(found: readonly Found[], flags: Flags): Promise<void> {
  const ids = new Set(
    (await Promise.all(found.map(({ store }) => store.inspect.sagas(RECENT)))).flat(),
  );
  const sagas = [...ids].filter((id) => id !== "").slice(0, RECENT);
  if (flags.json) printJson({ sagas });
  else for (const id of sagas) print(printable(id));
}

async function show(sagaId: string, found: readonly Found[], flags: Flags): Promise<void> {
  const steps = traceOf(
    await Promise.all(
      found.map(async ({ service, store }) => ({
        service,
        records: await store.inspect.journal(sagaId),
      })),
    ),
  );
  if (steps.length === 0) {
    throw new OdoriError(
      "DATA_NOT_FOUND",
      `No service in ${shownData(flags.data)} knows the saga ${quote(sagaId)}.`,
      {
        hint: "Run `odori trace` without an id to list the most recent sagas.",
      },
    );
  }
  const putOff = await Promise.all(
    found.map(async ({ service, store }) => {
      const rows = await store.inspect.deferred(
        ["armed", "gathered", "retrying", "waiting", "parked", "answered"],
        10_000,
      );
      return rows.filter((row) => row.sagaId === sagaId).map((row) => ({ service, ...row }));
    }),
  );
  const open = putOff.flat();
  if (flags.json) printJson({ sagaId, steps, open: open.map(summary) });
  else {
    const colours = paint();
    for (const line of timeline(steps, colours)) print(line);
    for (const row of open) {
      const problem =
        row.problem === undefined ? "" : `: ${row.problem.code}: ${printable(row.problem.message)}`;
      print(
        colours.bad(
          `${row.service}/${row.seq}  ${row.state}  ${printable(row.reaction)}${problem}`,
        ),
      );
    }
  }
  if (open.some(({ state }) => state === "parked")) process.exitCode = FOUND;
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
