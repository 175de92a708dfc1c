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

/** Creates `odori parked` with its subcommands `list`, `retry` and `discard`. */
export function parkedCommand(): Command {
  return new Command("parked")
    .summary("list, retry or discard parked deliveries")
    .description("List, retry or discard parked deliveries (dead letters).")
    .addCommand(list())
    .addCommand(retry())
    .addCommand(discard())
    .addHelpText(
      "after",
      `
Examples:
  odori parked list --data .odori/order
  odori parked retry payment/3
  odori parked discard payment/3 --reason "refunded by hand, ticket 4711"`,
    );
}

function list(): Command {
  return new Command("list")
    .summary("list parked deliveries with their errors")
    .description("List parked deliveries with their errors.")
    .option("--all", "include deliveries that are retrying, waiting, answered or discarded", false)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori parked list --data .odori/order
  odori parked list --data postgres://localhost/shop --all --json

Exit status: 0 nothing is parked, 1 some deliveries are parked, 2 the command could not run.`,
    )
    .action((flags: Flags & { readonly all: boolean }) =>
      withStores(flags.data, async (found) => {
        const states: readonly DeferredState[] = flags.all
          ? ["parked", "retrying", "waiting", "answered", "discarded"]
          : ["parked"];
        const rows = await rowsOf(found, states);
        if (flags.json) printJson({ parked: rows.map(describe) });
        else if (rows.length === 0) print("No deliveries are parked.");
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
    .summary("retry parked deliveries")
    .description(
      "Retry parked deliveries, with their attempts reset to zero. A running service picks them " +
        "up at once.",
    )
    .argument("[id...]", "ids from `odori parked list`, such as payment/3")
    .option("--all", "retry every parked delivery", false)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  odori parked retry payment/3\n  odori parked retry --all")
    .action((ids: readonly string[], flags: Flags & { readonly all: boolean }) =>
      withStores(flags.data, async (found) => {
        if (flags.all === ids.length > 0)
          throw new OdoriError("USAGE", "retry needs either ids or --all.", {
            hint: "`odori parked list` prints the ids.",
          });
        const chosen = flags.all ? (await rowsOf(found, ["parked"])).map(idOf) : ids;
        const rows: Row[] = [];
        for (const id of chosen) {
          const { service, store, seq } = resolve(found, id);
          rows.push({ service, ...(await store.inspect.retry(seq)) });
        }
        report(rows, flags, "will be retried");
      }),
    );
}

function discard(): Command {
  return new Command("discard")
    .summary("discard deliveries for good, with a reason")
    .description(
      "Discard deliveries for good, and keep the reason. Deliveries that waited behind them " +
        "continue.",
    )
    .argument("<id...>", "ids from `odori parked list`, such as payment/3")
    .requiredOption("--reason <text>", "why the delivery needs no handling")
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      '\nExample:\n  odori parked discard payment/3 --reason "refunded by hand, ticket 4711"',
    )
    .action((ids: readonly string[], flags: Flags & { readonly reason: string }) =>
      withStores(flags.data, async (found) => {
        if (flags.reason.trim() === "")
          throw new OdoriError("USAGE", "--reason is empty.", {
            hint: "Say why the delivery needs no handling.",
          });
        const rows: Row[] = [];
        for (const id of ids) {
          const { service, store, seq } = resolve(found, id);
          rows.push({ service, ...(await store.inspect.discard(seq, flags.reason)) });
        }
        report(rows, flags, "is discarded");
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
    throw new OdoriError("USAGE", `${quote(id)} is not a delivery of these services.`, {
      hint: "Copy the id from `odori parked list`, such as payment/3.",
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
