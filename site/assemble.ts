/*
 * Lays the pages of `docs/` out as the site needs them, in `tree/`: the same Markdown, with links
 * out of `docs/` to the repository, a notice on translations that are behind, and for each page
 * without a translation the English one under the Japanese address.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { behind } from "../scripts/translations/stamp.ts";

const DOCS = fileURLToPath(new URL("../docs", import.meta.url));
const TREE = fileURLToPath(new URL("tree", import.meta.url));
const REPOSITORY = "https://github.com/odori-dev/odori/blob/main/";
const LINK = /(\]\()([^)\s#]+)(#[^)\s]*)?(?=\))/g;

const files = readdirSync(DOCS, { recursive: true, encoding: "utf8" }).map((name) =>
  name.split(sep).join("/"),
);
const pages = new Set(files.filter((name) => name.endsWith(".md")));
const english = [...pages].filter((path) => !path.startsWith("ja/"));

/** Writes the tree anew. */
export function assemble(): void {
  rmSync(TREE, { recursive: true, force: true });
  mkdirSync(join(TREE, "public"), { recursive: true });
  cpSync(join(DOCS, "icon.svg"), join(TREE, "public", "icon.svg"));
  for (const file of files.filter((name) => name.endsWith(".svg")))
    for (const folder of ["", "ja"]) {
      mkdirSync(dirname(join(TREE, folder, file)), { recursive: true });
      cpSync(join(DOCS, file), join(TREE, folder, file));
    }
  for (const path of english) {
    const text = readFileSync(join(DOCS, path), "utf8");
    write(path, linked(text, path, path));
    if (path.startsWith("api/")) continue;
    const japanese = `ja/${path}`;
    if (pages.has(japanese)) {
      const translated = linked(readFileSync(join(DOCS, japanese), "utf8"), japanese, japanese);
      write(japanese, behind(translated, text) ? noticed(translated, BEHIND(path)) : translated);
    } else write(japanese, noticed(linked(text, path, japanese), MISSING));
  }
}

const MISSING =
  "::: info 英語のページです\nこのページはまだ日本語になっていません。英語の原文を表示しています。\n:::";
const BEHIND = (path: string) =>
  "::: warning 翻訳が古くなっています\n" +
  `英語のページがこの翻訳のあとに変わりました。[英語のページ](/${path})が最新です。\n:::`;

/** Puts a notice behind the title of a page. */
function noticed(text: string, notice: string): string {
  return text.replace(/^# .*$/m, (title) => `${title}\n\n${notice}`);
}

/**
 * Turns the links of a page into those of the site. `from` is where the page is in `docs/`, `to`
 * where it is on the site. A Japanese page leads to Japanese ones.
 */
function linked(text: string, from: string, to: string): string {
  return text.replaceAll(LINK, (whole, before: string, target: string, anchor = "") => {
    if (/^[a-z]+:/.test(target) || target.startsWith("/")) return whole;
    const path = posix.join(posix.dirname(from), target);
    if (path.startsWith("../")) return `${before}${REPOSITORY}${path.slice(3)}${anchor}`;
    if (!path.endsWith(".md")) return whole;
    const own = path.replace(/^ja\//, "");
    if (!to.startsWith("ja/") || own.startsWith("api/")) return `${before}/${own}${anchor}`;
    return `${before}/ja/${own}${anchor}`;
  });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(TREE, path)), { recursive: true });
  // Shiki has no such language, and says so for each block.
  writeFileSync(join(TREE, path), text.replaceAll("```github\n", "```txt\n"));
}
