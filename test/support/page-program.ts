import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./command.ts";
import { temporaryFolder } from "./scope.ts";

/** The first block of a page in this language. Throws if it has none. */
export function blockOf(page: string, language: string, after = ""): string {
  const from = page.indexOf(after);
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page.slice(from));
  if (from < 0 || block === null) throw new Error(`No block of ${language} after "${after}".`);
  return block[1] ?? "";
}

/** A folder with one file, within the project, so that `odori` and `zod` are found. */
export function programFolder(file: string, text: string): ReturnType<typeof temporaryFolder> {
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  const folder = temporaryFolder("page", join(ROOT, ".odori"));
  writeFileSync(join(folder.path, file), text);
  return folder;
}

/** Lines of a trace without times and outer spaces. */
export function traceLines(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^ *\+\d+ ms/, "").trim());
}

/** The words of a command as a shell passes them. */
export function words(command: string): readonly string[] {
  return [...command.replaceAll("\\\n", " ").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? "",
  );
}
