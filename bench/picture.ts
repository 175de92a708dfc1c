import { readFileSync, writeFileSync } from "node:fs";
import type { Summary } from "./harness/table.ts";

/*
 * Draws what `npm run bench -- --json FILE` has written: `npm run bench:picture -- FILE
 * PICTURE.svg`.
 */

const ROW = 24;
const TOP = 76;
const WIDTH = 1_070;
const NAME_WIDTH = 330;
const PANEL = { speed: { x: 340, width: 370 }, time: { x: 750, width: 290 } } as const;
const COLOURS: Readonly<Record<Summary["kind"], string>> = {
  odori: "#1f5fa8",
  ceiling: "#9aa4ae",
  peer: "#c8762b",
};
/** Ticks of the logarithmic time axis, in milliseconds. */
const TIMES = [1, 3, 10, 30, 100, 300] as const;

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  process.stderr.write(
    "Name the figures and the picture: npm run bench:picture -- figures.json picture.svg\n",
  );
  process.exit(2);
}
const { contestants }: { readonly contestants: readonly Summary[] } = JSON.parse(
  readFileSync(input, "utf8"),
);
// A contestant without durability is not comparable with the others, nor is the contended workload.
const shown = contestants
  .filter(({ name }) => !name.endsWith("memory") && !name.endsWith("20 articles"))
  .toSorted((a, b) => b.oneByOne.median - a.oneByOne.median);
writeFileSync(output, draw(shown));

function draw(rows: readonly Summary[]): string {
  const height = TOP + rows.length * ROW + 40;
  const fastest = Math.max(
    ...rows.flatMap(({ oneByOne, inBulk }) => [oneByOne.median, inBulk.median]),
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
      'font-family="system-ui, sans-serif" font-size="12" role="img">',
    "<title>Throughput and latency of the order saga</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(10, 24, "The order saga, four durable steps", 'font-size="16" font-weight="600"'),
    legend(),
    text(
      PANEL.speed.x,
      60,
      "sagas a second: begun one by one (bar) | in bulk (mark)",
      'fill="#444"',
    ),
    text(PANEL.time.x, 60, "ms from begin to end, one in flight: p50 to p99", 'fill="#444"'),
    ...TIMES.map((ms) => axis(timeAt(ms), `${ms}`, height)),
    ...rows.map((row, n) => bar(row, TOP + n * ROW, fastest)),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function bar(
  { name, kind, oneByOne, inBulk, latency }: Summary,
  y: number,
  fastest: number,
): string {
  const at = (speed: number) => PANEL.speed.x + (speed / fastest) * (PANEL.speed.width - 100);
  const colour = COLOURS[kind];
  const middle = y + ROW / 2;
  const bulk = round(at(inBulk.median));
  const right = Math.max(at(oneByOne.median), at(inBulk.median));
  const parts = [
    text(
      NAME_WIDTH,
      middle + 4,
      name,
      `text-anchor="end" fill="#222"${kind === "odori" ? ' font-weight="600"' : ""}`,
    ),
    `<rect x="${PANEL.speed.x}" y="${y + 4}" ` +
      `width="${round(at(oneByOne.median) - PANEL.speed.x)}" ` +
      `height="${ROW - 8}" fill="${colour}"/>`,
    `<line x1="${bulk}" x2="${bulk}" y1="${y + 2}" y2="${y + ROW - 2}" ` +
      `stroke="${colour}" stroke-width="3"/>`,
    text(
      right + 6,
      middle + 4,
      `${whole(oneByOne.median)} | ${whole(inBulk.median)}`,
      'fill="#444"',
    ),
  ];
  if (latency !== undefined) {
    const [from, to] = [timeAt(latency.p50), timeAt(latency.p99)];
    parts.push(
      `<line x1="${round(from)}" x2="${round(to)}" y1="${middle}" y2="${middle}" ` +
        `stroke="${colour}" stroke-width="3"/>`,
      `<circle cx="${round(from)}" cy="${middle}" r="5" fill="${colour}"/>`,
    );
  }
  return parts.join("\n");
}

function timeAt(ms: number): number {
  const [first, last] = [TIMES[0], TIMES[TIMES.length - 1] ?? 100];
  const share =
    Math.log(Math.min(Math.max(ms, first * 0.5), last) / (first * 0.5)) /
    Math.log(last / (first * 0.5));
  return PANEL.time.x + share * PANEL.time.width;
}

function axis(x: number, label: string, height: number): string {
  const at = round(x);
  const line = `<line x1="${at}" x2="${at}" y1="${TOP}" y2="${height - 30}" stroke="#e3e6e9"/>`;
  return `${line}\n${text(x, height - 14, label, 'text-anchor="middle" fill="#777"')}`;
}

function legend(): string {
  const entries: readonly (readonly [Summary["kind"], string, number])[] = [
    ["odori", "Odori", 430],
    ["ceiling", "hand-made code that does the least", 510],
    ["peer", "others", 760],
  ];
  return entries
    .map(
      ([kind, label, x]) =>
        `<rect x="${x}" y="14" width="12" height="12" fill="${COLOURS[kind]}"/>` +
        text(x + 18, 24, label, 'fill="#444"'),
    )
    .join("\n");
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped}</text>`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function round(value: number): string {
  return value.toFixed(1);
}
