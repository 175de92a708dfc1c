import type { PublicSurface } from "./declarations.ts";

/** A program in a doc comment. */
export interface Example {
  /** A file name that says whose it is: `odori-sqlite.function.sqlite.1.ts`. */
  readonly file: string;
  readonly code: string;
}

const COMMENT = /^[ \t]*\/\*\*[\s\S]*?\*\//gm;
const PROGRAM = /@example[^`@]*```ts\n([\s\S]*?)```/g;

/** Every `@example` of what the entries export, and of the members of that. */
export function examplesOf({ entries }: PublicSurface): readonly Example[] {
  const seen = new Set<unknown>();
  return entries.flatMap(({ name: entry, exports }) =>
    [...exports].flatMap(([name, declaration]) => {
      if (seen.has(declaration)) return [];
      seen.add(declaration);
      const { kind, comment, text } = declaration;
      const programs = (`${comment}\n${text}`.match(COMMENT) ?? []).flatMap(programsOf);
      return programs.map((code, index) => {
        const file = `${entry.replaceAll("/", "-")}.${kind}.${name}.${index + 1}.ts`;
        return { file, code };
      });
    }),
  );
}

/** The exports whose comments have an `@example` that is not a program in a `ts` fence. */
export function unfenced({ entries }: PublicSurface): readonly string[] {
  return entries.flatMap(({ name: entry, exports }) =>
    [...exports].flatMap(([name, { comment, text }]) => {
      const comments = `${comment}\n${text}`.match(COMMENT) ?? [];
      const bad = comments.some(
        (one) => one.split("@example").length - 1 !== programsOf(one).length,
      );
      return bad ? [`${entry}: ${name}`] : [];
    }),
  );
}

function programsOf(comment: string): readonly string[] {
  const plain = comment.replaceAll(/^[ \t]*\* ?/gm, "");
  return [...plain.matchAll(PROGRAM)].map(([, code = ""]) => code);
}
