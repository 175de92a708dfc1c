import { posix } from "node:path";
import { behind } from "../scripts/translations/stamp.ts";

const REPOSITORY = "https://github.com/odori-dev/odori/blob/main/";
const LINK = /(\]\()([^)\s#]+)(#[^)\s]*)?(?=\))/g;

/** The pages of `docs/` by path, such as `start.md` and `ja/start.md`. */
export type Pages = ReadonlyMap<string, string>;

/**
 * Lays the pages out as the site needs them: links out of `docs/` lead to the repository, a
 * translation that is behind says so, and each page without a translation is the English one under
 * the Japanese address too.
 */
export function layOut(pages: Pages): Pages {
  const tree = new Map<string, string>();
  for (const [path, text] of pages) {
    if (path.startsWith("ja/")) continue;
    tree.set(path, linked(text, path, path));
    if (path.startsWith("api/")) continue;
    tree.set(`ja/${path}`, japanese(path, text, pages.get(`ja/${path}`)));
  }
  return tree;
}

const MISSING =
  "::: info 英語のページです\n" +
  "このページはまだ日本語になっていません。英語の原文を表示しています。\n:::";
const BEHIND = (path: string) =>
  "::: warning 翻訳が古くなっています\n" +
  `英語のページがこの翻訳のあとに変わりました。[英語のページ](/${path})が最新です。\n:::`;

function japanese(path: string, english: string, translation: string | undefined): string {
  const to = `ja/${path}`;
  if (translation === undefined) return noticed(linked(english, path, to), MISSING);
  const page = linked(translation, to, to);
  return behind(translation, english) ? noticed(page, BEHIND(path)) : page;
}

/** Puts a notice behind the title of a page, or before its first heading. */
function noticed(text: string, notice: string): string {
  if (/^# /m.test(text)) return text.replace(/^# .*$/m, (title) => `${title}\n\n${notice}`);
  return text.replace(/^## /m, () => `${notice}\n\n## `);
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
    // Pictures are on the site; data and examples are in the repository.
    if (/\.(svg|png)$/.test(path)) return whole;
    if (!path.endsWith(".md")) return `${before}${REPOSITORY}docs/${path}${anchor}`;
    const own = path.replace(/^ja\//, "");
    if (!to.startsWith("ja/") || own.startsWith("api/")) return `${before}/${own}${anchor}`;
    return `${before}/ja/${own}${anchor}`;
  });
}
