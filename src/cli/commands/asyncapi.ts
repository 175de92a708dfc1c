import { Command, InvalidArgumentError, Option } from "commander";
import { PROTOCOLS } from "../../asyncapi/bindings.ts";
import type { AsyncApiFlags } from "../asyncapi-text.ts";
import { SOURCES } from "../data.ts";

/** Creates `odori asyncapi`: writes the choreography as AsyncAPI documents. */
export function asyncapiCommand(): Command {
  return new Command("asyncapi")
    .summary("print an AsyncAPI 3.1 document")
    .description("Print a choreography, or the part of one service, as an AsyncAPI 3.1 document.")
    .argument("<source...>", SOURCES)
    .option("--service <name>", "include only the part of this service")
    .addOption(
      new Option("--protocol <protocol>", "protocol that names the headers")
        .choices(PROTOCOLS)
        .default("nats"),
    )
    .option("--doc-version <version>", "version of the API document", "1.0.0")
    .option(
      "--split <folder>",
      "write one document per service, and one for the whole, into a folder",
    )
    .option("--json", "write JSON instead of YAML", false)
    .option("--seconds <number>", "stop after this many seconds", wholeNumber, 60)
    .addHelpText(
      "after",
      `
Examples:
  odori asyncapi src/choreography.ts > asyncapi.yaml
  odori asyncapi src/choreography.ts --service payment --json
  odori asyncapi src/choreography.ts --split docs/asyncapi
  odori check docs/asyncapi/asyncapi.yaml             every command reads these documents`,
    )
    .action(async (paths: readonly string[], flags: AsyncApiFlags) =>
      (await import("../asyncapi-text.ts")).runAsyncApi(paths, flags),
    );
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("Pass a whole number of 1 or more.");
  return number;
}
