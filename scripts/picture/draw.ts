import type { RecordedStep, Recording } from "./record.ts";

/*
 * The moving picture: a run of the order saga, step by step. Each element's plain style is that of
 * the last frame, which is all that a reader sees who has asked for less motion.
 */

const WIDTH = 820;
const BOX = { width: 160, height: 64, top: 58, left: 30, gap: 200 } as const;
const TRACE = { top: 204, row: 21 } as const;
const COUNTERS = TRACE.top - 26;
const SERVICES: readonly string[] = ["order", "payment", "inventory", "shipping"];
const FIRST_MS = 600;
const STEP_MS = 950;
/** A message travels for this long; its duplicate follows after the pause. */
const TRAVEL_MS = 420;
const AGAIN_MS = 300;
const REST_MS = 3_000;

type Disposition = RecordedStep["disposition"];
const COLOURS: Readonly<Record<Disposition, string>> = {
  begun: "#1f5fa8",
  done: "#1f5fa8",
  refused: "#b3261e",
  undone: "#9a6700",
};

/** Draws a recording as an animated SVG. */
export function movingPicture({ steps, ledger, duplicates }: Recording): string {
  const height = TRACE.top + steps.length * TRACE.row + 14;
  const film = new Film(FIRST_MS + steps.length * STEP_MS + REST_MS);
  const parts = [
    rect(0.5, 0.5, WIDTH - 1, height - 1, 'rx="8" fill="#fff" stroke="#d0d7de"'),
    text(BOX.left, 32, "Each service hears an event, and does only its own part", 'font-size="16"'),
    ...SERVICES.map((name) => box(name, steps, film)),
    ...steps.map((step, i) => messages(step, i, film)),
    counter(steps, ledger, film),
    duplicateCounter(steps, duplicates, film),
    ...steps.map((step, i) => traceLine(step, i, film)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
      'font-family="system-ui, sans-serif" font-size="13" role="img">',
    "<title>An order saga over four services fails at shipping and is undone</title>",
    `<style>${film.styles()}</style>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** Collects the keyframes of the loop. */
class Film {
  readonly #lengthMs: number;
  readonly #rules: string[] = [];

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Shows an element between two times; without an end, to the end of the loop. */
  visible(fromMs: number, toMs?: number): string {
    const [from, until] = [this.#at(fromMs), this.#at(fromMs + 1)];
    const end =
      toMs === undefined ? "" : `${this.#at(toMs)}{opacity:1}${this.#at(toMs + 1)}{opacity:0}`;
    const last = toMs === undefined ? 1 : 0;
    return this.#rule(
      `0%,${from}{opacity:0}${until}{opacity:1}${end}100%{opacity:${last}}`,
      `opacity:${last}`,
    );
  }

  /** Moves an element along a way, and shows it only meanwhile. */
  travels(fromMs: number, toMs: number, dx: number): string {
    const [start, end] = [this.#at(fromMs), this.#at(toMs)];
    const there = `transform:translateX(${dx}px)`;
    return this.#rule(
      `0%,${start}{opacity:0;transform:none}${this.#at(fromMs + 1)}{opacity:1;transform:none}` +
        `${end}{opacity:1;${there}}${this.#at(toMs + 120)},100%{opacity:0;${there}}`,
      "opacity:0",
    );
  }

  styles(): string {
    const still = "@media (prefers-reduced-motion:reduce){*{animation:none!important}}";
    return `${this.#rules.join("")}${still}`;
  }

  #rule(frames: string, still: string): string {
    const name = `f${this.#rules.length}`;
    this.#rules.push(
      `@keyframes ${name}{${frames}}` +
        `.${name}{${still};animation:${name} ${this.#lengthMs / 1_000}s linear infinite}`,
    );
    return name;
  }

  #at(ms: number): string {
    return `${((ms / this.#lengthMs) * 100).toFixed(3)}%`;
  }
}

/** When the service of a step has handled its message. */
function handledAt(step: number): number {
  return FIRST_MS + step * STEP_MS + TRAVEL_MS;
}

function leftOf(service: string): number {
  return BOX.left + SERVICES.indexOf(service) * BOX.gap;
}

function box(service: string, steps: readonly RecordedStep[], film: Film): string {
  const left = leftOf(service);
  const own = steps.flatMap((step, i) => (step.service === service ? [{ step, i }] : []));
  const states = own.map(({ step, i }, n) => {
    const next = own[n + 1];
    const shown = film.visible(handledAt(i), next && handledAt(next.i));
    const colour = COLOURS[step.disposition];
    const frame = rect(
      left,
      BOX.top,
      BOX.width,
      BOX.height,
      `rx="8" fill="${colour}" fill-opacity="0.12" stroke="${colour}" stroke-width="2"`,
    );
    const label = text(
      left + BOX.width / 2,
      BOX.top + 49,
      stateOf(step),
      `text-anchor="middle" fill="${colour}"`,
    );
    return group(shown, `${frame}${label}`);
  });
  return [
    rect(left, BOX.top, BOX.width, BOX.height, 'rx="8" fill="#f6f8fa" stroke="#d0d7de"'),
    ...states,
    text(
      left + BOX.width / 2,
      BOX.top + 26,
      service,
      'text-anchor="middle" font-size="15" font-weight="600" fill="#1f2328"',
    ),
  ].join("");
}

function stateOf({ disposition, effect }: RecordedStep): string {
  const did = (effect ?? "").split(".").at(-1) ?? "";
  if (disposition === "refused") return "✗ refused";
  return disposition === "undone" ? `↶ ${did} undone` : `✓ ${did}`;
}

/** The message that a step hears, and the same message once more, which changes nothing. */
function messages({ from, service, heard }: RecordedStep, i: number, film: Film): string {
  if (from === undefined || heard === undefined) return "";
  const dx = leftOf(service) - leftOf(from);
  const label = heard.replace(/\.v\d+$/, "");
  const startMs = handledAt(i) - TRAVEL_MS;
  const top = BOX.top + BOX.height + 8;
  const pill = (moves: string, fill: string, note: string) => {
    const middle = leftOf(from) + BOX.width / 2;
    const style = 'text-anchor="middle" font-size="11" fill="#fff"';
    const frame = rect(leftOf(from), top, BOX.width, 22, `rx="11" fill="${fill}"`);
    return group(moves, `${frame}${text(middle, top + 15, `${label}${note}`, style)}`);
  };
  const again = startMs + AGAIN_MS;
  return (
    pill(film.travels(again, again + TRAVEL_MS, dx), "#8c959f", " (again)") +
    pill(film.travels(startMs, startMs + TRAVEL_MS, dx), "#1f2328", "")
  );
}

function counter(
  steps: readonly RecordedStep[],
  { taken, givenBack }: Recording["ledger"],
  film: Film,
): string {
  const at = (disposition: Disposition) =>
    handledAt(
      steps.findIndex((step) => step.service === "payment" && step.disposition === disposition),
    );
  const line = (content: string, shown: string) =>
    group(shown, text(BOX.left, COUNTERS, content, 'font-weight="600" fill="#1f2328"'));
  return (
    line("taken 0, given back 0", film.visible(0, at("done"))) +
    line(`taken ${taken}, given back 0`, film.visible(at("done"), at("undone"))) +
    line(`taken ${taken}, given back ${givenBack}`, film.visible(at("undone")))
  );
}

/** Counts up with the messages; the last number is that of the recording. */
function duplicateCounter(steps: readonly RecordedStep[], duplicates: number, film: Film): string {
  const times = steps.flatMap(({ heard }, i) => (heard === undefined ? [] : [handledAt(i)]));
  const counts = [0, ...times.map((_, n) => Math.ceil((duplicates * (n + 1)) / times.length))];
  return counts
    .map((count, n) => {
      const from = n === 0 ? 0 : (times[n - 1] ?? 0) + AGAIN_MS;
      const next = times[n];
      const shown = film.visible(from, next === undefined ? undefined : next + AGAIN_MS);
      const content = `every message comes twice: ${count} duplicates ignored`;
      const style = 'text-anchor="end" fill="#59636e"';
      return group(shown, text(WIDTH - BOX.left, COUNTERS, content, style));
    })
    .join("");
}

function traceLine({ line, disposition }: RecordedStep, i: number, film: Film): string {
  const font = 'xml:space="preserve" font-family="ui-monospace, monospace"';
  const style = `${font} fill="${COLOURS[disposition]}"`;
  const top = TRACE.top + i * TRACE.row + 8;
  return group(film.visible(handledAt(i)), text(BOX.left, top, line, style));
}

function group(style: string, content: string): string {
  return `<g class="${style}">${content}</g>`;
}

function rect(x: number, y: number, width: number, height: number, more: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" ${more}/>`;
}

function text(x: number, y: number, content: string, more: string): string {
  const safe = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" ${more}>${safe}</text>`;
}
