import { Command, InvalidArgumentError, Option } from "commander";
import { type ChaosOptions, chaos } from "./chaos.ts";

interface Flags extends Omit<ChaosOptions, "seconds"> {
  readonly minutes: number;
  readonly json: boolean;
}

const positive = (text: string) => {
  const value = Number(text);
  if (text.trim() !== "" && value > 0) return value;
  throw new InvalidArgumentError("It is a number above 0.");
};

const command = new Command("npm run chaos --")
  .description(
    "Runs the order saga over many processes while services, database and broker are killed, " +
      "frozen and cut off; then looks for what was lost or doubled.",
  )
  .option("--minutes <n>", "how long faults are injected", positive, 1)
  .addOption(
    new Option("--store <name>", "what keeps the data")
      .choices(["sqlite", "postgres"])
      .default("postgres"),
  )
  .addOption(
    new Option("--bus <name>", "what moves the events")
      .choices(["postgres", "nats", "rabbitmq", "kafka"])
      .default("nats"),
  )
  .option("--members <n>", "processes of each service", positive, 2)
  .option(
    "--seed <n>",
    "which faults, in which order; when they hit is up to the machine",
    positive,
    Date.now() % 1_000_000,
  )
  .option(
    "--retention <seconds>",
    "how long ended sagas are remembered: at least as long as a message may come again",
    positive,
  )
  .option("--observer", "follow the services with an observer that is killed every 2 s", false)
  .option("--no-kills", "kill no process of a service: then nothing may be taken over")
  .option("--json", "print JSON", false)
  .addHelpText(
    "after",
    "\nExit status 1: something was found. " +
      "kill -9 does not test fsync: the page cache survives it.",
  );

const flags = command.parse().opts<Flags>();
const progress = process.stderr.isTTY
  ? (line: string) => process.stderr.write(`\r\u001b[K${line}`)
  : undefined;
const result = await chaos({
  ...flags,
  seconds: flags.minutes * 60,
  ...(progress === undefined ? {} : { progress }),
});
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
const { orders, events, violations, stories, seconds, faults, crashed, mortality, observed } =
  result;
if (flags.json)
  console.log(
    JSON.stringify(
      {
        ...flags,
        orders,
        events,
        seconds,
        faults: Object.fromEntries(faults),
        crashed,
        mortality,
        observed,
        violations,
        stories,
      },
      undefined,
      2,
    ),
  );
else {
  const { store, bus, members, seed } = flags;
  console.log(
    `${store} + ${bus}, ${members} processes of each service, seed ${seed}, ${seconds} s\n`,
  );
  console.log("| fault | injected |\n| --- | ---: |");
  for (const [fault, count] of [...faults].sort()) console.log(`| ${fault} | ${count} |`);
  const { deaths, processes, events: again, deliveries, lost } = mortality;
  console.log(
    `\n${deaths} processes died, ${processes} were found dead; taken over: ${again} events, ` +
      `${deliveries} deliveries; ${lost} were found dead and lived`,
  );
  const found = `${violations.length} violations`;
  if (observed !== undefined)
    console.log(`\nobserver: killed ${observed.kills} times, ${observed.rounds} rounds with news`);
  console.log(`\n${orders} orders, ${events} events, ${crashed} retried by hand, ${found}`);
  for (const violation of violations) console.log(`  ${violation}`);
  for (const line of stories) console.log(`    ${line}`);
}
process.exitCode = violations.length > 0 ? 1 : 0;
