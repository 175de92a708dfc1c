import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { version } from "../../text/version.ts";
import { jsonOption } from "../data.ts";
import { projectFiles } from "../init/project-files.ts";
import {
  FRAMEWORKS,
  type FrameworkName,
  layersOf,
  TEMPLATES,
  type TemplateName,
} from "../init/templates.ts";
import { installPackages, writeProject } from "../init/write-project.ts";
import { print, printJson } from "../output.ts";

interface Flags {
  readonly template: TemplateName;
  readonly with?: FrameworkName;
  readonly odori: string;
  readonly install: boolean;
  readonly json: boolean;
}

/** Creates `odori init`: a new project with a saga that is proved and tested. */
export function initCommand(): Command {
  return new Command("init")
    .summary("write a new project: a saga of three services, proved and tested")
    .description(
      "Write a new project into an empty folder: a saga of three services, its proof, its tests. " +
        "Then install its packages.",
    )
    .argument("[folder]", "an empty folder, or a new one", ".")
    .addOption(
      new Option("--template <name>", "where the services run")
        .choices([...TEMPLATES])
        .default("sqlite"),
    )
    .addOption(
      new Option("--with <framework>", "what serves its HTTP routes").choices([...FRAMEWORKS]),
    )
    .option("--odori <version>", "the version, range or tarball to depend on", `^${version()}`)
    .option("--no-install", "do not run npm install")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Templates:
  sqlite         all services in one process, a SQLite file for each, the in-process bus
  postgres-nats  services in one process or several, a Postgres schema for each, NATS;
                 with a compose.yaml, a Dockerfile and a Kubernetes manifest

Examples:
  npx odori init shop                        then: cd shop && npm start
  npx odori init shop --with hono            the same, behind HTTP routes
  npx odori init . --template postgres-nats --with nest
From a tarball of npm pack, here and in the new project:
  npx --yes --package=./odori-${version()}.tgz odori init shop --odori ./odori-${version()}.tgz

A folder that holds anything but .git is refused, and nothing is written.
Exit status: 0 written and installed, 2 the command could not run.`,
    )
    .action((folder: string, flags: Flags) => {
      const layers = layersOf(flags.template, flags.with);
      const name = basename(resolve(folder));
      const files = projectFiles({ layers, name, odori: dependencyOf(flags.odori) });
      writeProject(folder, files);
      if (!flags.json) {
        print(`Wrote to ${resolve(folder)}:`);
        for (const path of files.keys()) print(`  ${path}`);
        if (flags.install) print("\nRunning npm install …");
      }
      if (flags.install) installPackages(folder);
      const next = nextCommands(folder, flags);
      if (flags.json) printJson({ folder: resolve(folder), files: [...files.keys()], next });
      else print(["\nNext:", ...next.map((command) => `  ${command}`)].join("\n"));
    });
}

function nextCommands(folder: string, { template, install }: Flags): readonly string[] {
  return [
    ...(resolve(folder) === process.cwd() ? [] : [`cd ${quoted(folder)}`]),
    ...(install ? [] : ["npm install"]),
    ...(template === "postgres-nats" ? ["docker compose up -d --wait"] : []),
    "npm start",
  ];
}

/** A tarball is named from where the command runs, and not from the new folder. */
function dependencyOf(odori: string): string {
  if (!odori.endsWith(".tgz") || /^[a-z]{2,}:/i.test(odori)) return odori;
  const path = resolve(odori);
  if (existsSync(path)) return `file:${path}`;
  throw new OdoriError("USAGE", `The tarball ${quote(path)} does not exist.`, {
    hint: "Name one that npm pack has written, or leave --odori out.",
  });
}

/** Quotes a path for a shell, where that is needed. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
