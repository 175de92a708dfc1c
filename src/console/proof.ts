import { Worker } from "node:worker_threads";
import type { Report } from "../check/check.ts";
import type { Finding } from "../check/finding.ts";
import { repairText } from "../check/repair-text.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Desk } from "./desk.ts";
import { LiveRisks, riskKey } from "./live-risks.ts";
import { type MapArrow, mapGraph } from "./map-graph.ts";
import type { ProofFinding, ProofReply } from "./wire.ts";

const PROGRAM = new URL(
  import.meta.url.endsWith(".ts") ? "./proof-thread.ts" : "./proof-thread.js",
  import.meta.url,
);
/** A proof takes as much memory as it has states. */
const MEMORY = { maxOldGenerationSizeMb: 1_024 };
/** Sagas that a finding names. */
const EXAMPLES_MAX = 5;

interface Proved {
  readonly key: string;
  state: "running" | "failed" | "done";
  report?: Report;
  /** By finding: the edges of the map of services that its counterexample takes. */
  edges: readonly (readonly string[])[];
}

/** Proves the choreography of a desk beside its work, once for each choreography. */
export class Proofs {
  readonly #desk: Desk;
  readonly #risks: LiveRisks;
  #proved: Proved | undefined;
  #thread: Worker | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#risks = new LiveRisks(desk);
  }

  /** How many findings are errors; undefined until the proof was asked for. */
  get errors(): number | undefined {
    const { key, report } = this.#proved ?? {};
    if (key !== this.#desk.manifestKey) return undefined;
    return report?.findings.filter(({ severity }) => severity === "error").length;
  }

  /** Begins the proof of the choreography as it is now, if there is something to prove. */
  prepare(): boolean {
    const { manifest, manifestKey, endsKnown } = this.#desk;
    if (manifest === undefined || !endsKnown) return false;
    if (this.#proved?.key !== manifestKey) this.#begin(manifest, manifestKey);
    return true;
  }

  async reply(): Promise<ProofReply> {
    if (!this.prepare()) return { state: "none" };
    const { state, report, edges = [] } = this.#proved ?? { state: "running" };
    if (state === "running") return { state };
    if (report === undefined) return { state: "none" };
    const { ok, explored, findings, assumptions } = report;
    const isBroken = findings.some(({ severity }) => severity === "error");
    const risks = isBroken ? await this.#risks.read() : undefined;
    return {
      ...{ state: "done", ok, states: explored.states, complete: explored.exhaustive },
      assumed: isBroken ? [] : assumptions.map(({ code, message }) => ({ code, message })),
      ...(risks && { live: risks.live, looked: risks.looked }),
      findings: findings.map((finding, at) => ({
        ...findingOf(finding, edges[at] ?? []),
        ...concerned(risks?.sagas.get(keyOf(finding))),
      })),
    };
  }

  /** Codes of findings whose counterexample takes an edge of the map of services. */
  findingsAt(edge: string): readonly string[] {
    const { report, edges = [] } = this.#proved ?? {};
    const at = (report?.findings ?? []).filter((_, place) => edges[place]?.includes(edge));
    return [...new Set(at.map(({ code }) => code))];
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #begin(manifest: Manifest, key: string): void {
    void this.#thread?.terminate();
    const proved: Proved = { key, state: "running", edges: [] };
    this.#proved = proved;
    const thread = new Worker(PROGRAM, { workerData: manifest, resourceLimits: MEMORY });
    this.#thread = thread;
    thread.once("message", (report: Report) => {
      const { arrows } = mapGraph(manifest, { listeners: "1", back: "1" });
      Object.assign(proved, {
        ...{ state: "done", report },
        edges: report.findings.map((finding) => edgesOf(arrows, finding)),
      });
    });
    thread.once("error", () => {
      proved.state = "failed";
    });
    thread.unref();
  }
}

function concerned(ids: readonly string[] = []): Pick<ProofFinding, "sagas" | "examples"> {
  return { sagas: ids.length, examples: ids.slice(0, EXAMPLES_MAX) };
}

function findingOf(
  finding: Finding,
  edges: readonly string[],
): Omit<ProofFinding, "sagas" | "examples"> {
  const { code, severity, message, hint, at, trace, repairs = [] } = finding;
  return {
    ...{ code, severity, message },
    ...(hint !== undefined && { hint }),
    ...(at.service !== undefined && { service: at.service }),
    ...(at.event !== undefined && { event: at.event }),
    ...(at.reaction !== undefined && { reaction: at.reaction }),
    ...(trace && {
      trace: trace.map(({ service, hears, emits, does, effect, why }) => ({
        ...{ emits, does },
        ...(service !== null && { service }),
        ...(hears !== null && { hears }),
        ...(effect !== undefined && { effect }),
        ...(why !== undefined && { why }),
      })),
    }),
    repairs: repairs.map(repairText),
    edges,
  };
}

function keyOf({ code, at: { service, event } }: Finding): string {
  return riskKey({ code, service, event });
}

/** The edges between services that a counterexample takes. */
function edgesOf(arrows: readonly MapArrow[], { trace = [] }: Finding): readonly string[] {
  const emitters = new Map<string, string>();
  const edges = new Set<string>();
  for (const { service, hears, emits } of trace) {
    const from = hears === null ? undefined : emitters.get(hears);
    for (const arrow of arrows)
      if (arrow.from === from && arrow.to === service && hears !== null)
        if (arrow.types.includes(hears)) edges.add(arrow.id);
    if (service !== null) for (const type of emits) emitters.set(type, service);
  }
  return [...edges];
}
