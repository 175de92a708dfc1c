import { join } from "node:path";
import { Command, type CommanderError, InvalidArgumentError } from "commander";
import { codeOf } from "odori";
import { type Paint, plainPaint } from "odori/observe";
import colors from "picocolors";
import { audit } from "./audit.ts";
import choreography from "./choreography.ts";
import { makeOrders } from "./orders.ts";
import { orderReport, summaryReport } from "./report.ts";
import { Shop } from "./shop.ts";
import { showConsole } from "./show-console.ts";
import { busOption, databasesOf, storeOption, type Wiring } from "./wiring.ts";

interface Flags extends Wiring {
  readonly orders: number;
  readonly failRate: number;
  readonly duplicates: boolean;
  readonly fresh: boolean;
  readonly show: number;
  readonly json: boolean;
  readonly console: boolean;
}

const CLEAR_LINE = "\r\u001b[K";
const DATA = join(".odori", "order");

const command = new Command("npm start --")
  .description(
    "Runs order sagas over four services, each with a database of its own, and no coordinator.",
  )
  .option(
    "--orders <n>",
    "orders to place; 0 only finishes what an earlier run left open",
    wholeNumber,
    8,
  )
  .option(
    "--fail-rate <share>",
    "share of orders that fail: at payment, inventory and shipping in turn",
    share,
    0.4,
  )
  .option("--duplicates", "deliver every message twice", false)
  .addOption(storeOption())
  .addOption(busOption())
  .option("--data <folder>", "where SQLite files are kept", DATA)
  .option("--fresh", "begin with empty databases", false)
  .option("--show <n>", "print the timelines of at most n orders", wholeNumber, 20)
  .option("--json", "print one JSON document instead of text", false)
  .option("--console", "then show all orders on a page, until Ctrl-C", false)
  .addHelpText(
    "after",
    `
Examples:
  npm start                                                   a few orders, each as a timeline
  npm start -- --orders 1000 --fail-rate 0.3 --duplicates     many, every message delivered twice
  npm start -- --orders 1000 --json | jq .summary             for machines
  npm start -- --orders 0                                     finish what a killed run has left open
  npm start -- --console                                      and then all of them on a page
  npm start -- --bus http                                     four processes, and no server
  npm start -- --store postgres --bus nats                    over real servers

With any bus but the one in memory each service runs in a process of its own. The servers are those
of compose.yaml (docker compose up -d), or those that ORDER_POSTGRES, ORDER_NATS, ORDER_RABBITMQ
and ORDER_KAFKA name. ORDER_HTTP is the first of four ports (4711).

Kill it in the middle and start it again: every open order reaches its end exactly once.
Exit status: 0 everything adds up, 1 something does not, 2 it could not run.`,
  );

await run(command.exitOverride(usage).parse().opts<Flags>()).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${codeOf(error)}: ${message}\n`);
  process.exitCode = 2;
});

async function run(flags: Flags): Promise<void> {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => abort.abort());
  const databases = await databasesOf(flags);
  if (flags.fresh) await databases.clear(choreography.services.map(({ name }) => name));
  const started = performance.now();
  const shop = await Shop.open(flags, databases, flags.duplicates);
  try {
    const resumed = await shop.open();
    if (resumed.length > 0 && !flags.json)
      process.stdout.write(`taking up ${resumed.length} orders that an earlier run left open\n\n`);
    const orders = makeOrders((await shop.placed()) + 1, flags.orders, flags.failRate);
    const ids = [...resumed, ...orders.map(({ orderId }) => orderId)];
    await shop.run(orders, abort.signal, progressOn(process.stderr, ids.length));
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
    const milliseconds = Math.round(performance.now() - started);
    const states = await shop.states();
    const stateOf = (orderId: string) => states.get(orderId) ?? "lost";
    const shown = await Promise.all(
      ids.slice(0, flags.show).map(async (orderId) => ({
        orderId,
        state: stateOf(orderId),
        steps: await shop.trace(orderId),
      })),
    );
    const count = (state: string) => ids.filter((orderId) => stateOf(orderId) === state).length;
    const result = {
      orders: ids.length,
      resumed: resumed.length,
      succeeded: count("completed"),
      undone: count("cancelled"),
      milliseconds,
    };
    const repeated = abort.signal.aborted ? undefined : await shop.redeliver();
    const books = await audit(databases);
    if (flags.json) {
      const all = { summary: { ...result, ...books }, redelivered: repeated, sagas: shown };
      process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    } else {
      const paint = paintFor(process.stdout);
      for (const { orderId, state, steps } of shown)
        process.stdout.write(`${orderReport(orderId, state, steps, paint)}\n`);
      if (ids.length > shown.length)
        process.stdout.write(`and ${ids.length - shown.length} more\n\n`);
      if (repeated !== undefined) {
        const what = repeated.changed
          ? paint.bad("and something changed")
          : "and nothing changed: it was a duplicate";
        process.stdout.write(
          `order.placed of ${repeated.orderId} was delivered once more, ${what}\n\n`,
        );
      }
      process.stdout.write(summaryReport(result, books, paint));
      if (!flags.console) process.stdout.write(`\nAll of them on a page: ${pageCommand(flags)}\n`);
    }
    const unfinished = books.open.length > 0 && !abort.signal.aborted;
    process.exitCode =
      books.violations.length > 0 || unfinished || repeated?.changed === true ? 1 : 0;
  } finally {
    await shop.stop();
    await databases.close();
  }
  if (flags.console && !abort.signal.aborted) await showConsole(flags);
}

/** Says how far a long run is: on a terminal all the time, elsewhere every two seconds. */
function progressOn(
  stream: NodeJS.WriteStream,
  total: number,
): (placed: number, open: number) => void {
  let last = performance.now();
  return (placed, open) => {
    const now = performance.now();
    if (now - last < (stream.isTTY ? 200 : 2_000)) return;
    last = now;
    const ended = Math.max(0, Math.min(placed, total) - open);
    const line = `${ended} of ${total} orders have ended, ${open} are under way`;
    stream.write(stream.isTTY ? `${CLEAR_LINE}${line}` : `${line}\n`);
  };
}

function paintFor(stream: NodeJS.WriteStream): Paint {
  if (!stream.isTTY) return plainPaint;
  const { dim, bold, green, red, yellow } = colors;
  return { dim, bold, good: green, bad: red, undo: yellow };
}

/** Exit status 2 for arguments that make no sense; --help is fine. */
function usage({ exitCode }: CommanderError): never {
  process.exit(exitCode === 0 ? 0 : 2);
}

function wholeNumber(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 0 to 9,999,999.");
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It is a number from 0 to 1.");
}

/** Shows the data of this run, and places no order. */
function pageCommand({ store, bus, data }: Flags): string {
  const folder = /^[\w./-]+$/.test(data) ? data : `'${data.replaceAll("'", "'\\''")}'`;
  return [
    "npm start --",
    ...(store === "sqlite" ? [] : [`--store ${store}`]),
    ...(bus === "memory" ? [] : [`--bus ${bus}`]),
    ...(data === DATA ? [] : [`--data ${folder}`]),
    "--orders 0 --console",
  ].join(" ");
}
