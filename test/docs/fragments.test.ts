import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { commandLine } from "../../src/cli/program.ts";
import { ROOT } from "../support/command.ts";
import { words } from "../support/page-program.ts";
import { temporaryFolder } from "../support/scope.ts";
import { texts } from "../tidy/sources.ts";
import { FRAGMENTS } from "./compared.ts";

const documents = texts.filter(({ path }) => /^(docs|examples)\/.*\.md$|^README\.md$/.test(path));

/** The commands in the blocks of a page, also those that go on in the next line. */
function commandsOf(page: string): readonly string[] {
  return [...page.matchAll(/^(`{3,})(?:sh|console)?\n([\s\S]*?)^\1$/gm)].flatMap(
    ([, , block = ""]) =>
      [...block.matchAll(/^(?:\$ )?(?:npx )?odori (.*(?:\\\n.*)*)$/gm)].map(([, command = ""]) =>
        command.replace(/ (?: {2,}|#|\|\||> ).*$/, ""),
      ),
  );
}

/** What the command line does not know of a command: its name, or an option. */
function unknownIn(line: string): readonly string[] {
  const parts = words(line);
  let command: Command = commandLine();
  let depth = 0;
  for (const part of parts) {
    const child = command.commands.find((one) => one.name() === part);
    if (child === undefined) break;
    command = child;
    depth++;
  }
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  known.add("--help").add("--version");
  const strange = parts.filter((part) => /^--?[a-z]/.test(part)).map((part) => part.split("=")[0]);
  return [
    ...(depth === 0 && parts[0]?.startsWith("-") !== true ? [`no command in: odori ${line}`] : []),
    ...strange.filter((part) => !known.has(part)).map((part) => `${part} in: odori ${line}`),
  ];
}

describe("the pages", { timeout: 600_000 }, () => {
  it("name only commands and options that there are", () => {
    const all = documents.flatMap(({ lines }) => commandsOf(lines.join("\n")));
    expect(all.length).toBeGreaterThan(40);
    expect(all.flatMap(unknownIn)).toEqual([]);
    expect(unknownIn("check a.json --nowhere")).toHaveLength(1);
    expect(unknownIn("chekc a.json")).toHaveLength(1);
  });

  it("have parts of programs that compile", () => {
    mkdirSync(join(ROOT, ".odori"), { recursive: true });
    using folder = temporaryFolder("fragments", join(ROOT, ".odori"));
    let written = 0;
    for (const [path, { before, modules = {} }] of Object.entries(FRAGMENTS)) {
      for (const [name, text] of Object.entries(modules))
        writeFileSync(join(folder.path, name), text);
      const page = readFileSync(join(ROOT, path), "utf8");
      for (const [, code = ""] of page.matchAll(/```ts\n([\s\S]*?)```/g)) {
        const file = join(folder.path, `part-${++written}.ts`);
        writeFileSync(file, `// ${path}\n${before}\n${code}\nexport {};\n`);
      }
    }
    expect(written).toBeGreaterThan(4);
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
    const project = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder.path, "tsconfig.json"), JSON.stringify(project));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const args = [tsc, "-p", folder.path];
    const ran = spawnSync(process.execPath, args, { cwd: folder.path, encoding: "utf8" });
    expect([ran.status, ran.stdout]).toEqual([0, ""]);
  });
});
