import { type Declaration, find, type PublicSurface } from "./declarations.ts";

/**
 * The public surface as the compiler sees it, one page for each entry, without comments. A change
 * of it is then seen in review. Types that an entry mentions without exporting them follow at the
 * end of the first page that mentions them.
 */
export function apiReports(surface: PublicSurface): ReadonlyMap<string, string> {
  const exported = new Map<Declaration, string>();
  for (const { name, exports } of surface.entries)
    for (const declaration of exports.values())
      if (!exported.has(declaration)) exported.set(declaration, name);
  const mentioned = new Set<Declaration>();
  const pages = surface.entries.map(({ name, exports }) => {
    const blocks = [...exports].map(([as, declaration]) => {
      const home = exported.get(declaration);
      return home === name ? shown(declaration, as) : `export { ${as} }; // of "${home}"`;
    });
    const inner = innerTypes(surface, [...exports.values()], exported, mentioned);
    const path = `docs/api/${name.replaceAll("/", "-")}.api.md`;
    return [path, page(name, blocks, [...new Set(inner.map(bare))])] as const;
  });
  return new Map(pages);
}

function page(name: string, blocks: readonly string[], inner: readonly string[]): string {
  const fenced = (list: readonly string[]) => `\`\`\`ts\n${list.join("\n\n")}\n\`\`\`\n`;
  const head = `# ${name}\n\nGenerated from the sources by \`npm run docs\`.\n\n${fenced(blocks)}`;
  return inner.length === 0
    ? head
    : `${head}\n## Mentioned above, not exported\n\n${fenced(inner)}`;
}

/** The declaration without comments, under the name by which the entry exports it. */
function shown(declaration: Declaration, as: string): string {
  const alias = as === declaration.name ? "" : `// exported as ${as}\n`;
  return `${alias}export ${bare(declaration)}`;
}

const COMMENT = /^\s*\/\*\*[\s\S]*?\*\/\n/gm;

function bare({ kind, text }: Declaration): string {
  const plain = text
    .replace(COMMENT, "")
    .replaceAll(/^(?:export )?(?:declare )?(?=\w)/gm, "")
    .replaceAll(/ +$/gm, "")
    .trimEnd();
  return kind === "const" ? shallow(plain) : plain;
}

/** A constant with nested objects, by its members: their names are the surface. */
function shallow(text: string): string {
  return text.replaceAll(/\{\n {8}[\s\S]*?\n {4}\}/g, "{ … }");
}

/**
 * The types that declarations mention and no entry exports, each once over all pages. A class is
 * left out: it is made inside and seen by its name.
 */
function innerTypes(
  { files }: PublicSurface,
  from: readonly Declaration[],
  exported: ReadonlyMap<Declaration, string>,
  mentioned: Set<Declaration>,
): readonly Declaration[] {
  const found: Declaration[] = [];
  const open = [...from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const names = new Set(next.text.replace(COMMENT, "").match(/\b[A-Za-z]\w*/g));
    for (const name of names) {
      const other = find(files, { file: next.file, name });
      if (other === undefined || exported.has(other) || mentioned.has(other)) continue;
      if (other.kind === "function" || other.kind === "class") continue;
      mentioned.add(other);
      found.push(other);
      open.push(other);
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
