import { Command, InvalidArgumentError } from "commander";
import { Fuzz } from "./fuzz.ts";
import { seeded } from "./random.ts";

interface Flags {
  readonly decodes: number;
  readonly seed: number;
  readonly json: boolean;
}

const whole = (text: string) => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It is a whole number from 1.");
};

const FAULTS_SHOWN = 10;

const flags = new Command("npm run fuzz --")
  .description(
    "Decodes messages that are broken in many ways, as each adapter receives them. Every one " +
      "must become an event or a malformed message, in time, with an identity of its own.",
  )
  .option("--decodes <n>", "how many messages are decoded", whole, 100_000)
  .option("--seed <n>", "which ones", whole, (Date.now() % 1_000_000) + 1)
  .option("--json", "print JSON", false)
  .addHelpText("after", "\nExit status 1: something was found.")
  .parse()
  .opts<Flags>();

// Most messages become an error: its stack is not what is measured.
Error.stackTraceLimit = 4;
const fuzz = new Fuzz();
const random = seeded(flags.seed);
const began = performance.now();
const seconds = () => Math.round(performance.now() - began) / 1_000;
let next = 0;
while (fuzz.decodes < flags.decodes && fuzz.faults.length < FAULTS_SHOWN) {
  fuzz.step(random);
  if (fuzz.decodes < next) continue;
  next += 100_000;
  process.stderr.write(`${fuzz.decodes} decodes, ${fuzz.faults.length} faults, ${seconds()} s\n`);
}
const { decodes, events, faults, slowest } = fuzz;
const { seed } = flags;
if (flags.json)
  console.log(JSON.stringify({ seed, decodes, events, seconds: seconds(), faults, slowest }));
else {
  console.log(`seed ${seed}: ${decodes} decodes, ${events} events, ${seconds()} s`);
  for (const { edge, milliseconds, bytes, began: text } of slowest.slice(0, 3))
    console.log(`slow: ${milliseconds.toFixed(2)} ms, ${edge}, ${bytes} bytes, ${shown(text)}`);
  for (const { edge, what, body } of faults) console.log(`\n${edge}: ${what}\n  ${shown(body)}`);
}
process.exitCode = faults.length > 0 ? 1 : 0;

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}
