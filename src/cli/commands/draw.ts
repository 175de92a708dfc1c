import { writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { toDot } from "../../draw/dot.ts";
import { type Flow, flowOf } from "../../draw/flow.ts";
import { type Focus, focus } from "../../draw/focus.ts";
import { toMermaid } from "../../draw/mermaid.ts";
import { flowText } from "../../draw/text.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { namedSources } from "../choreography-option.ts";
import { jsonOption, SOURCES_OR_OWN } from "../data.ts";
import { paint, print, printJson, printText } from "../output.ts";

interface Flags extends Focus {
  readonly format?: "text" | "mermaid" | "dot" | "svg";
  readonly out?: string;
  readonly service?: readonly string[];
  readonly json: boolean;
}

/** Creates `odori draw`: renders the flow of a choreography. */
export function drawCommand(): Command {
  return new Command("draw")
    .summary("draw the flow as text, Mermaid, DOT or SVG")
    .description(
      "Draw the flow of events between services: successes, failures, undos, deadlines and late " +
        "outcomes.",
    )
    .argument("[source...]", SOURCES_OR_OWN)
    .addOption(
      new Option(
        "--format <format>",
        "output format (default: by the extension of --out, else text)",
      ).choices(["text", "mermaid", "dot", "svg"]),
    )
    .option("--out <file>", "write to a file, such as flow.svg, flow.dot or flow.mmd")
    .option("--from <name>", "show only the flow that starts at an event or a service")
    .option("--to <name>", "show only the flow that leads to an event or a service")
    .option("--service <name...>", "show only these services and their neighbours")
    .option("--hops <number>", "limit --from, --to and --service to this many steps", hops)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori draw src/choreography.ts
  odori draw src/choreography.ts --out flow.svg
  odori draw src/choreography.ts --format mermaid --service payment
  odori draw src/choreography.ts --from inventory.reservation_failed.v1 --hops 2
  odori draw src/choreography.ts --from order.placed.v1 --to order.cancelled.v1 --out paths.svg`,
    )
    .action(async (paths: readonly string[], flags: Flags) => {
      const { loadManifest } = await import("../source.ts");
      const { manifest } = await loadManifest(await namedSources("draw", paths));
      const flow = focus(flowOf(manifest), {
        ...flags,
        ...(flags.service && { services: flags.service }),
      });
      if (flags.json) return printJson(flow);
      const picture = await render(manifest, flow, flags);
      if (flags.out === undefined) printText(picture);
      else await save(flags.out, picture);
    });
}

async function render(manifest: Manifest, flow: Flow, flags: Flags): Promise<string> {
  switch (flags.format ?? formatOf(flags.out)) {
    case "mermaid":
      return toMermaid(flow);
    case "dot":
      return toDot(flow);
    case "svg": {
      // Graphviz is about 1 MB: load it for SVG only.
      const { toSvg } = await import("../../draw/svg.ts");
      return toSvg(flow);
    }
    case "text":
      return `${text(manifest, flow, flags).join("\n")}\n`;
  }
}

function text(
  manifest: Manifest,
  flow: Flow,
  { from, to, service, hops }: Flags,
): readonly string[] {
  const whole = from === undefined && to === undefined && service === undefined;
  const within = new Set(flow.edges.map(({ type }) => type));
  const roots = from !== undefined ? rootsOf(flow, from) : [...within];
  const options = {
    ...(whole ? {} : { within }),
    // With --to alone the text starts at the beginnings of sagas.
    ...(from !== undefined || service !== undefined ? { from: roots } : {}),
    ...(hops !== undefined && { hops }),
    ...(service !== undefined && { services: service }),
  };
  return flowText(manifest, options, paint());
}

/** Finds the types of a named event in every version, or the types that a named service emits. */
function rootsOf({ nodes, edges }: Flow, name: string): readonly string[] {
  const own = new Set(nodes.filter(({ service }) => service === name).map(({ id }) => id));
  const named = edges.filter(
    ({ type, from }) => type === name || type.startsWith(`${name}.v`) || own.has(from),
  );
  return [...new Set(named.map(({ type }) => type))];
}

function formatOf(out: string | undefined): NonNullable<Flags["format"]> {
  if (out === undefined) return "text";
  if (/\.svg$/i.test(out)) return "svg";
  if (/\.(dot|gv)$/i.test(out)) return "dot";
  return /\.(mmd|mermaid|md)$/i.test(out) ? "mermaid" : "text";
}

async function save(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (cause) {
    throw new OdoriError(
      "FILE_UNREADABLE",
      `Cannot write the file ${quote(file)}: ${messageOf(cause)}.`,
      {
        cause,
        hint: "Check that the folder exists and is writable.",
      },
    );
  }
  print(file);
}

function hops(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("Pass a whole number of 1 or more.");
  return number;
}
