import type { Command } from "commander";
import { commandLine } from "../../src/cli/program.ts";

const WIDTH = 100;

const INTRODUCTION = `# Commands

What can the command \`odori\` do, and which options does each part have?
`;

const NOTES = `A source is a module that exports a choreography or services, a manifest, an
AsyncAPI document (2 through \`@asyncapi/converter\`), or an overlay of \`odori link init\`. Modules
load as your project has them: [Let a command read your modules](../how-to/sources.md).
[Manifest](manifest.md) says what a manifest may say. The databases are named by \`--data\`, by
\`--postgres\` and \`--schema\`, or once in \`odori.config.json\`: [Operate
sagas](../how-to/operate.md), which also shows how an HTTP handler replies with the end of a saga
(\`app.status\`, \`app.waitFor\`).

Exit status: 0 fine, 1 something was found, 2 it could not run; \`check\` also has 3, for a search
that ended before it had seen everything. [Errors](errors.md) carry a stable \`code\`, keep their
\`cause\`, and say what to do; [findings](findings/index.md) have a page each.

This page is generated from the help of the command by \`npm run docs\`.
`;

/** The reference of the command line, as Markdown: what \`--help\` prints, a section a command. */
export function commandsPage(): string {
  const program = commandLine();
  const rows = program.commands.map(
    (command) =>
      `| [\`odori ${command.name()}\`](#odori-${command.name()}) | ${command.summary()} |`,
  );
  const table = ["| command | what it does |", "| --- | --- |", ...rows, ""].join("\n");
  return [INTRODUCTION, table, NOTES, ...program.commands.flatMap(sections)].join("\n");
}

function sections(command: Command): readonly string[] {
  const title = nameOf(command);
  const own = `## ${title}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`;
  return [own, ...command.commands.flatMap((child) => sections(child).map(deeper))];
}

function deeper(section: string): string {
  return section.replace(/^##/, "###");
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}
