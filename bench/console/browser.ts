import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type JournalSource, odoriConsole } from "odori/console";
import { chromium } from "playwright-core";
import choreography from "../../examples/order/choreography.ts";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import { find } from "../../test/servers/find.ts";
import { median } from "../harness/statistics.ts";
import type { Figure } from "./figure.ts";

const BUILD = fileURLToPath(new URL("../../scripts/build-page.mjs", import.meta.url));
const BUILT = fileURLToPath(new URL("../../dist/page/", import.meta.url));
const TOKEN = "a-token-that-is-long-enough";
const SIZE_KB = 80;
const ROWS_MOST = 60;
const PAINT_MS = 300;
const ROUNDS = 9;

/** The size of the page, its first paint, and how much of a long list is in the document. */
export async function browserFigures(folder: string): Promise<readonly Figure[]> {
  execFileSync(process.execPath, [BUILD]);
  const bytes = readdirSync(BUILT).reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(BUILT, name))).length,
    0,
  );
  const size: Figure = {
    name: "the page, compressed",
    measured: `${Math.round(bytes / 1_000)} kB`,
    ...{ goal: `${SIZE_KB} kB`, met: bytes <= SIZE_KB * 1_000 },
  };
  const program = find("chromium", true);
  return program === undefined ? [size] : [size, ...(await shown(program, folder))];
}

async function shown(executablePath: string, folder: string): Promise<readonly Figure[]> {
  const sources = ["order", "payment", "inventory", "shipping"].map(
    (name): JournalSource => new SqliteSource(join(folder, `${name}.db`)),
  );
  const console = odoriConsole({ sources, choreography, token: TOKEN });
  const server = createServer(console.node);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const address = `http://127.0.0.1:${port}/?screen=sagas#token=${TOKEN}`;
    const paints: number[] = [];
    let rows = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const context = await browser.newContext({ viewport: { width: 1_440, height: 860 } });
      const page = await context.newPage();
      await page.goto(address);
      await page.locator("[data-row]").first().waitFor();
      rows = Math.max(rows, await page.locator("[data-row]").count());
      paints.push(
        await page.evaluate(
          () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
        ),
      );
      await context.close();
    }
    const paint = median(paints);
    return [
      {
        name: "rows of a long list in the document",
        ...{ measured: `${rows}`, goal: `${ROWS_MOST}`, met: rows <= ROWS_MOST },
      },
      {
        name: "first paint of a new browser context",
        measured: `${Math.round(paint)} ms`,
        ...{ goal: `${PAINT_MS} ms`, met: paint <= PAINT_MS },
      },
    ];
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
    await console.close();
  }
}
