import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import type { DeferredState } from "../../ports/deferred.ts";
import { jsonOption, withStores } from "../data.ts";
import { FOUND, print, printJson, table } from "../output.ts";
import { deferredRows, deliveryOf, type ParkedRow, perSecond, rowId } from "../parked-rows.ts";
import { type PlaceFlags, placeFlags, shownPlace, storePlaceOf } from "../place.ts";
import { parkedCheckCommand } from "./parked-check.ts";

interface Flags extends PlaceFlags {
  readonly json: boolean;
}

interface RetryFlags extends Flags {
  readonly all: boolean;
  readonly reaction?: string;
  readonly code?: string;
  readonly rate?: number;
}

/** Creates `odori parked` with its subcommands. */
export function parkedCommand(): Command {
  return new Command("parked")
    .summary("list, check, retry or discard parked deliveries")
    .description("List, check, retry or discard parked deliveries (dead letters).")
    .addCommand(list())
    .addCommand(parkedCheckCommand())
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
  return placeFlags(
    new Command("list")
      .summary("list parked deliveries with their errors")
      .description("List parked deliveries with their errors.")
      .option(
        "--all",
        "include deliveries that are retrying, waiting, answered or discarded",
        false,
      ),
  )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori parked list --data .odori/order
  odori parked list --postgres postgres://localhost/shop --schema payment --all --json

Exit status: 0 nothing is parked, 1 some deliveries are parked, 2 the command could not run.`,
    )
    .action(async (flags: Flags & { readonly all: boolean }) =>
      withStores(await storePlaceOf(flags), async (found, place) => {
        const states: readonly DeferredState[] = flags.all
          ? ["parked", "retrying", "waiting", "answered", "discarded"]
          : ["parked"];
        const rows = await deferredRows(found, states);
        if (flags.json) printJson({ parked: rows.map(describe) });
        else if (rows.length === 0) print(`Nothing is parked in ${shownPlace(place)}.`);
        else {
          const header = ["id", "state", "reaction", "saga", "tries", "since", "problem"];
          for (const line of table([header, ...rows.map(cells)])) print(line);
        }
        if (rows.some(({ state }) => state === "parked")) process.exitCode = FOUND;
      }),
    );
}

function retry(): Command {
  return placeFlags(
    new Command("retry")
      .summary("retry parked deliveries")
      .description(
        "Retry parked deliveries, with their attempts reset to zero. A running service picks " +
          "them up at once.",
      )
      .argument("[id...]", "ids from `odori parked list`, such as payment/3")
      .option("--all", "retry every parked delivery", false)
      .option("--reaction <name>", "with --all: only those of this reaction")
      .option("--code <code>", "with --all: only those with this error, such as SOURCE_UNKNOWN")
      .option("--rate <n>", "deliveries a second", perSecond),
  )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori parked retry payment/3
  odori parked retry --all --reaction order.placed --rate 10
  odori parked retry --all --code SOURCE_UNKNOWN`,
    )
    .action(async (ids: readonly string[], flags: RetryFlags) =>
      withStores(await storePlaceOf(flags), async (found) => {
        if (flags.all === ids.length > 0)
          throw new OdoriError("USAGE", "retry needs either ids or --all.", {
            hint: "`odori parked list` prints the ids.",
          });
        if ((flags.reaction ?? flags.code) !== undefined && !flags.all)
          throw new OdoriError("USAGE", "--reaction and --code choose among --all.", {
            hint: "Add --all, or name ids alone.",
          });
        const parked = flags.all ? await deferredRows(found, ["parked"]) : [];
        const isMeant = ({ reaction, problem }: ParkedRow) =>
          reaction === (flags.reaction ?? reaction) &&
          (flags.code === undefined || problem?.code === flags.code);
        const wanted = parked.filter(isMeant);
        const chosen = flags.all ? wanted.map(rowId) : ids;
        const pauseMs = flags.rate === undefined ? 0 : 1_000 / flags.rate;
        const rows: ParkedRow[] = [];
        for (const id of chosen) {
          const { service, store, seq } = deliveryOf(found, id);
          if (rows.length > 0 && pauseMs > 0) await setTimeout(pauseMs);
          const row = { service, ...(await store.inspect.retry(seq)) };
          rows.push(row);
          // As it goes: at a low rate the command takes long.
          if (!flags.json) print(`${rowId(row)} will be retried`);
        }
        if (flags.json) printJson({ changed: rows.map(describe) });
      }),
    );
}

function discard(): Command {
  return placeFlags(
    new Command("discard")
      .summary("discard deliveries for good, with a reason")
      .description(
        "Discard deliveries for good, and keep the reason. Deliveries that waited behind them " +
          "continue.",
      )
      .argument("<id...>", "ids from `odori parked list`, such as payment/3")
      .requiredOption("--reason <text>", "why the delivery needs no handling"),
  )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      '\nExample:\n  odori parked discard payment/3 --reason "refunded by hand, ticket 4711"',
    )
    .action(async (ids: readonly string[], flags: Flags & { readonly reason: string }) =>
      withStores(await storePlaceOf(flags), async (found) => {
        if (flags.reason.trim() === "")
          throw new OdoriError("USAGE", "--reason is empty.", {
            hint: "Say why the delivery needs no handling.",
          });
        const rows: ParkedRow[] = [];
        for (const id of ids) {
          const { service, store, seq } = deliveryOf(found, id);
          rows.push({ service, ...(await store.inspect.discard(seq, flags.reason)) });
        }
        if (flags.json) printJson({ changed: rows.map(describe) });
        else for (const row of rows) print(`${rowId(row)} is discarded`);
      }),
    );
}

function cells(row: ParkedRow): readonly string[] {
  const problem =
    row.state === "discarded"
      ? (row.reason ?? "")
      : `${row.problem?.code ?? ""} ${row.problem?.message ?? ""}`;
  return [
    rowId(row),
    row.state,
    row.reaction,
    row.sagaId,
    String(row.attempts),
    new Date(row.at).toISOString(),
    problem.slice(0, 200),
  ];
}

function describe(row: ParkedRow) {
  const { state, reaction, sagaId, source, id: eventId, attempts, at, problem, reason, body } = row;
  return {
    id: rowId(row),
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
