import type { Text } from "./sources.ts";
import type { Banned } from "./words.ts";

const COLUMNS_MAX = 100;
const URL_ALONE = /^[\s*/#>|-]*(\[[^\]]*\]:\s*|["'`<])?https?:\/\/\S+$/;

const columns = (line: string) => [...line].length;

/** Lines of a document that a person could break: no table, no code, no link alone. */
function breakable({ path, lines }: Text): readonly { line: string; number: number }[] {
  let fenced = false;
  return lines.flatMap((line, i) => {
    const fence = path.endsWith(".md") && /^\s*(```|~~~)/.test(line);
    if (fence) fenced = !fenced;
    const table = path.endsWith(".md") && /^\s*\|/.test(line);
    return fence || fenced || table || URL_ALONE.test(line) ? [] : [{ line, number: i + 1 }];
  });
}

/** Lines of a text that are too wide, and could be broken. */
export function tooWide(text: Text): readonly string[] {
  return breakable(text)
    .filter(({ line }) => columns(line) > COLUMNS_MAX)
    .map(({ line, number }) => `${text.path}:${number} has ${columns(line)} columns`);
}

/** Finds words over the end of a line too, where a comment or a paragraph goes on. */
export function written({ path, lines }: Text, banned: readonly Banned[]): readonly string[] {
  return lines.flatMap((line, i) => {
    const next = (lines[i + 1] ?? "").replace(/^[\s*/>|#-]+/, "");
    const [start] = /\S+\s*$/.exec(line) ?? [""];
    const [end] = /^\S+/.exec(next) ?? [""];
    return banned
      .filter(({ pattern }) => {
        if (pattern.test(line)) return true;
        const seam = `${start.trimEnd()} ${end}`;
        return pattern.test(seam) && !pattern.test(start) && !pattern.test(end);
      })
      .map(({ pattern, instead }) => `${path}:${i + 1} ${pattern.source}: write ${instead}`);
  });
}
