import { type FlowGraph, flowGraph } from "../manifest/graph.ts";
import {
  type DeadlineEntry,
  type Manifest,
  type ReactionEntry,
  typesEmittedAt,
} from "../manifest/manifest.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { spanOf } from "../text/span.ts";

/** Below this depth a terminal has no columns left. */
const TREE_DEPTH_MAX = 40;

interface Branch {
  readonly text: string;
  readonly below: () => readonly Branch[];
}

/** Options of `flowText`. */
export interface TextOptions {
  /** Event types to start at.
   * @default the beginnings of sagas
   */
  readonly from?: readonly string[];
  /** Number of events to follow from a root.
   * @default Infinity
   */
  readonly hops?: number;
  /** Shows only the reactions of these services.
   * @default all services
   */
  readonly services?: readonly string[];
  /** Shows only these event types.
   * @default all event types
   */
  readonly within?: ReadonlySet<string>;
}

/**
 * Draws the flow as a tree of text, one line per array item: events, the services that hear them,
 * and the events that those emit. Each event is expanded once.
 *
 * @example
 * ```ts
 * import { flowText } from "odori/draw";
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * for (const line of flowText(manifestOf(order), { hops: 3 })) console.log(line);
 * ```
 */
export function flowText(
  manifest: Manifest,
  options: TextOptions = {},
  paint: Paint = plainPaint,
): readonly string[] {
  const writer = new TreeWriter(manifest, flowGraph(manifest), options, paint);
  const lines: string[] = [];
  const roots = options.from ?? [...new Set([...manifest.begins, ...manifest.arrives])];
  for (const type of roots)
    if (!writer.knows(type))
      lines.push(...render(writer.event(type, "plain", 0), "", "", TREE_DEPTH_MAX));
  return lines;
}

function render(
  { text, below }: Branch,
  first: string,
  rest: string,
  depth: number,
): readonly string[] {
  const branches = depth === 0 ? [] : below();
  return [
    `${first}${text}`,
    ...branches.flatMap((branch, index) => {
      const last = index === branches.length - 1;
      return render(
        branch,
        `${rest}${last ? "└─ " : "├─ "}`,
        `${rest}${last ? "   " : "│  "}`,
        depth - 1,
      );
    }),
  ];
}

type Tone = "plain" | "bad" | "undo" | "dim";

class TreeWriter {
  readonly #manifest: Manifest;
  readonly #graph: FlowGraph;
  readonly #options: TextOptions;
  readonly #paint: Paint;
  readonly #followed = new Set<string>();

  constructor(manifest: Manifest, graph: FlowGraph, options: TextOptions, paint: Paint) {
    this.#manifest = manifest;
    this.#graph = graph;
    this.#options = options;
    this.#paint = paint;
  }

  /** Tells whether an event was already expanded. */
  knows(type: string): boolean {
    return this.#followed.has(type);
  }

  /** Returns the branch of an event, `hop` events away from its root. */
  event(type: string, tone: Tone, hop: number): Branch {
    const { succeeds, fails, external, begins, arrives } = this.#manifest;
    const name = this.#tint(tone, `${tone === "bad" ? "✗ " : ""}${shortType(type)}`);
    const end = succeeds.includes(type)
      ? this.#paint.good("  ✓ the saga succeeds")
      : fails.includes(type)
        ? this.#paint.bad("  ■ the saga fails")
        : "";
    const from =
      hop > 0
        ? ""
        : begins.includes(type)
          ? this.#paint.dim(`  begins${this.#beginner(type)}`)
          : arrives.includes(type)
            ? this.#paint.dim("  may arrive from outside")
            : "";
    const outside = external.includes(type) ? this.#paint.dim("  → outside") : "";
    const hearers = (this.#graph.hearers.get(type) ?? []).filter(
      ({ service }) => this.#options.services?.includes(service.name) ?? true,
    );
    if (this.#followed.has(type) && hearers.length > 0)
      return { text: `${name}${end}${outside}${this.#paint.dim("  (above)")}`, below: () => [] };
    if (hop >= (this.#options.hops ?? Number.POSITIVE_INFINITY) && hearers.length > 0)
      return { text: `${name}${end}${this.#paint.dim("  …")}`, below: () => [] };
    this.#followed.add(type);
    return {
      text: `${name}${from}${end}${outside}`,
      below: () =>
        hearers.flatMap(({ service, reaction, deadline }) => {
          if (reaction !== undefined) return [this.#reaction(service.name, reaction, hop)];
          if (deadline === undefined || deadline.after !== type) return [];
          return [this.#deadline(service.name, deadline, hop)];
        }),
    };
  }

  #reaction(service: string, reaction: ReactionEntry, hop: number): Branch {
    const { kind, emits, fails, late, onParked, once, max, undoes, hears } = reaction;
    const what =
      kind === "undo"
        ? this.#paint.undo(`undoes ${shortType(undoes ?? "")}`)
        : kind === "join"
          ? `waits for all of ${hears.map(shortType).join(", ")}`
          : "";
    const marks = [
      once === undefined ? [] : `once: ${printable(once)}`,
      max === undefined ? [] : `at most ${max} times`,
    ].flat();
    const note = marks.length === 0 ? "" : this.#paint.dim(`  (${marks.join(", ")})`);
    const shown = (types: readonly string[], tone: Tone) =>
      types
        .filter((type) => this.#options.within?.has(type) ?? true)
        .map((type) => this.event(type, tone, hop + 1));
    return {
      text: `${this.#paint.bold(printable(service))}${what === "" ? "" : `  ${what}`}${note}`,
      below: () => [
        ...shown([...new Set(emits.flat())], kind === "undo" ? "undo" : "plain"),
        ...shown(
          [...new Set([...fails.flat(), ...(onParked === undefined ? [] : [onParked])])],
          "bad",
        ),
        ...shown([...new Set(late.flat())], "dim"),
      ],
    };
  }

  #deadline(service: string, deadline: DeadlineEntry, hop: number): Branch {
    const { unless, withinMs } = deadline;
    const without = unless.length === 0 ? "" : ` without ${unless.map(shortType).join(" or ")}`;
    return {
      text: `${this.#paint.bold(printable(service))}  ⏱ after ${spanOf(withinMs)}${without}`,
      below: () => typesEmittedAt(deadline).map((type) => this.event(type, "bad", hop + 1)),
    };
  }

  #beginner(type: string): string {
    const services = (this.#graph.emitters.get(type) ?? [])
      .filter(({ how }) => how === "begins")
      .map(({ service }) => printable(service.name));
    return services.length === 0 ? ", from outside" : ` in ${services.join(", ")}`;
  }

  #tint(tone: Tone, text: string): string {
    return tone === "bad"
      ? this.#paint.bad(text)
      : tone === "undo"
        ? this.#paint.undo(text)
        : tone === "dim"
          ? this.#paint.dim(text)
          : text;
  }
}
