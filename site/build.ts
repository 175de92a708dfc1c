/* Builds the site into `dist/`, or serves it while pages are written: `node build.ts dev`. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { assemble } from "./assemble.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const [command = "build"] = process.argv.slice(2);

assemble();
const vitepress = fileURLToPath(
  new URL("node_modules/vitepress/bin/vitepress.js", import.meta.url),
);
const { status } = spawnSync(process.execPath, [vitepress, command, HERE], { stdio: "inherit" });
process.exitCode = status ?? 1;
