import type { EdgeLive, NodeLive } from "./live.ts";

/** Which map. */
export interface MapQuery {
  /** Absent: `services`. `reactions` needs `service`: its reactions, and who stands beside it. */
  readonly level?: "services" | "reactions";
  /** With `services`: only it and its neighbours. */
  readonly service?: string;
  /** "1": show silent listeners as nodes. Absent: they are folded into their emitter. */
  readonly listeners?: "1";
  /** "1": show failures and undos. Absent: only the way of success. */
  readonly back?: "1";
}

/** A map that was laid out: in points, from the upper left corner. */
export interface MapReply {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box. `x` and `y` are its middle. */
export interface MapNode extends Point {
  /** Stable; of a service its name, of a reaction `<service>/<stored name>`. */
  readonly id: string;
  readonly kind: "service" | "begin" | "step" | "undo" | "join" | "deadline" | "outside";
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** Whether sagas begin here. */
  readonly begins: boolean;
  /** Services that only listen, and are folded into this one. */
  readonly folded: readonly string[];
  /** Absent for what is outside. */
  readonly live?: NodeLive;
}

/** An arrow from one box to another, with the events that take it. */
export interface MapEdge {
  /** Stable: does not depend on the layout. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** `undo` and `failure` are the way back. */
  readonly kind: "success" | "failure" | "undo" | "deadline";
  readonly types: readonly string[];
  /** A Bézier curve: the first point, then three for each piece. */
  readonly points: readonly Point[];
  /** Where the arrow ends: a straight line from the last of `points`. */
  readonly tip: Point;
  /** The middle of the place that is kept free for a label. Absent for the way back. */
  readonly label?: Point;
  /** Absent if either end is outside. */
  readonly live?: EdgeLive;
  /** Codes of findings of `proof` whose counterexample takes this edge. */
  readonly findings: readonly string[];
}
