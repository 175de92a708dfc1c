// Bundles the page of `odori console`: `node scripts/build-page.mjs [folder]`, by default into
// `dist/page`. The package carries the bundle, so what it is built from is for development only.
import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const page = join(root, "page");
const outdir = process.argv[2] ?? join(root, "dist", "page");

await build({
  entryPoints: [
    { in: join(page, "main.tsx"), out: "page" },
    { in: join(page, "style", "page.css"), out: "page" },
  ],
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  // `light-dark()` and nesting stay as they are: every browser of the last two years has them.
  supported: { nesting: true },
  legalComments: "eof",
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) copyFileSync(join(page, file), join(outdir, file));
