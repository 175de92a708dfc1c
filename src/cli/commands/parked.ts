import { Command } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import type { Deferred, DeferredState } from "../../ports/deferred.ts";
import { dataOption, type Found, jsonOption, withStores } from "../data.ts";
import { FOUND, print, printJson, table } from "../output.ts";

interface Flags {
  readonly data: string;
  readonly json: boolean;
}

type Row = Deferred & { readonly service: string };

const LISTED_MAX = 1_000;

export function parkedCommand(): Command {
  return new Command("parked")
    .description("Deliveries that were given up on: list them, try them again, or close them.")
    .addCommand(list())
    .addCommand(retry())
    .addCommand(discard());
}

function list(): Command {
  return new Command("list")
    .description("Lists parked deliveries, with the error of each.")
    .option(
      "--all",
      "also what is retrying, waits behind a parked one, was answered for, or is closed",
      false,
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExample:\n  odori parked list --data .odori/order\n\nExit status 1 says that something is parked.",
    )
    .action((flags: Flags & { readonly all: boolean }) =>
      withStores(flags.data, async (found) => {
        const states: readonly DeferredState[] = flags.all
          ? ["parked", "retrying", "waiting", "answered", "discarded"]
          : ["parked"];
        const rows = await rowsOf(found, states);
        if (flags.json) printJson({ parked: rows.map(describe) });
        else if (rows.length === 0) print("nothing is parked");
        else {
          const header = ["id", "state", "reaction", "saga", "tries", "since", "problem"];
          for (const line of table([header, ...rows.map(cells)])) print(line);
        }
        if (rows.some(({ state }) => state === "parked")) process.exitCode = FOUND;
      }),
    );
}

function retry(): Command {
  return new Command("retry")
    .description(
      "Makes parked deliveries due again, their attempts counted anew. A running service takes them up at once.",
    )
    .argument("[id...]", "as `odori parked list` shows them: payment/3")
    .option("--all", "all that are parked", false)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  odori parked retry payment/3\n  odori parked retry --all")
    .action((ids: readonly string[], flags: Flags & { readonly all: boolean }) =>
      withStores(flags.data, async (found) => {
        if (flags.all === ids.length > 0)
          throw new OdoriError("USAGE", "Name deliveries, or --all.", {
            hint: "`odori parked list` shows their ids.",
          });
        const chosen = flags.all ? (await rowsOf(found, ["parked"])).map(idOf) : ids;
        const rows: Row[] = [];
        for (const id of chosen) {
          const { service, store, seq } = resolve(found, id);
          rows.push({ service, ...(await store.inspect.retry(seq)) });
        }
        report(rows, flags, "will be tried again");
      }),
    );
}

function discard(): Command {
  return new Command("discard")
    .description(
      "Closes deliveries for good, with a reason that is kept. What waited behind one goes on without it.",
    )
    .argument("<id...>", "as `odori parked list` shows them: payment/3")
    .requiredOption("--reason <text>", "why it need not be handled")
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      '\nExample:\n  odori parked discard payment/3 --reason "refunded by hand, ticket 4711"',
    )
    .action((ids: readonly string[], flags: Flags & { readonly reason: string }) =>
      withStores(flags.data, async (found) => {
        if (flags.reason.trim() === "")
          throw new OdoriError("USAGE", "The reason is empty.", {
            hint: "Say why it need not be handled.",
          });
        const rows: Row[] = [];
        for (const id of ids) {
          const { service, store, seq } = resolve(found, id);
          rows.push({ service, ...(await store.inspect.discard(seq, flags.reason)) });
        }
        report(rows, flags, "is closed");
      }),
    );
}

function report(rows: readonly Row[], flags: Flags, what: string): void {
  if (flags.json) printJson({ changed: rows.map(describe) });
  else for (const row of rows) print(`${idOf(row)} ${what}`);
}

async function rowsOf(
  found: readonly Found[],
  states: readonly DeferredState[],
): Promise<readonly Row[]> {
  const rows = found.map(async ({ service, store }) =>
    (await store.inspect.deferred(states, LISTED_MAX)).map((row) => ({ service, ...row })),
  );
  return (await Promise.all(rows)).flat();
}

function resolve(found: readonly Found[], id: string): Found & { readonly seq: number } {
  const [service = "", seq = ""] = id.split("/");
  const one = found.find((candidate) => candidate.service === service);
  if (one === undefined || !/^\d{1,15}$/.test(seq)) {
    throw new OdoriError("USAGE", `${quote(id)} is no delivery of these services.`, {
      hint: "Write it as `odori parked list` shows it: payment/3.",
    });
  }
  return { ...one, seq: Number(seq) };
}

function idOf({ service, seq }: Row): string {
  return `${service}/${seq}`;
}

function cells(row: Row): readonly string[] {
  const problem =
    row.state === "discarded"
      ? (row.reason ?? "")
      : `${row.problem?.code ?? ""} ${row.problem?.message ?? ""}`;
  return [
    idOf(row),
    row.state,
    row.reaction,
    row.sagaId,
    String(row.attempts),
    new Date(row.at).toISOString(),
    problem.slice(0, 200),
  ];
}

function describe(row: Row) {
  const { state, reaction, sagaId, source, id: eventId, attempts, at, problem, reason, body } = row;
  return {
    id: idOf(row),
    state,
    reaction,
    sagaId,
    source,
    eventId,
    attempts,
    since: new Date(at).toISOString(),
    problem,
    reason,
    body,
  };
}
