import { stemOf } from "../../contract/grammar.ts";
import { oneEventPerLineage } from "../../manifest/lineage.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { compile } from "../compile.ts";
import { type Counterexample, type Exploration, type ExploreOptions, explore } from "../explore.ts";
import type { Finding } from "../finding.ts";
import type { Model } from "../model.ts";
import type { Reductions } from "../reductions.ts";
import { counterexampleTrace } from "../trace.ts";
import type { Violation } from "../violation.ts";
import { fromOutside, mixtureOf, type TwoStates } from "./mixture.ts";
import { type Versions, versionNames } from "./versions.ts";

/** One service is deployed, while others have been or will be. */
export interface Deployment {
  readonly service: string;
  /** Services that are old until later. */
  readonly waiting: ReadonlySet<string>;
}

/** Holds what the exploration of one deployment found. */
export interface Deployed {
  readonly service: string;
  readonly exploration: Exploration;
  readonly milliseconds: number;
  readonly findings: readonly Finding[];
}

/** Explores the deployments of one change. */
export class Deployments {
  readonly #change: TwoStates;
  readonly #rollback: boolean;
  readonly #reductions: Reductions;
  readonly #options: () => ExploreOptions;
  #before: ReadonlySet<string> | undefined;

  constructor(
    change: TwoStates,
    rollback: boolean,
    reductions: Reductions,
    options: () => ExploreOptions,
  ) {
    this.#change = change;
    this.#rollback = rollback;
    this.#reductions = reductions;
    this.#options = options;
  }

  /** Explores every saga while one service is old, while both versions run, and afterwards. */
  explore({ service, waiting }: Deployment): Deployed {
    const versions = versionNames(service, this.#rollback);
    const model = compile(mixtureOf(this.#change, versions, waiting), {
      versions,
      reductions: this.#reductions,
      // A deployment is shorter than retention.
      retentionMs: Number.POSITIVE_INFINITY,
    });
    const began = performance.now();
    const exploration = explore(model, this.#options());
    const milliseconds = Math.round((performance.now() - began) * 10) / 10;
    const findings = exploration.counterexamples.map((one) => this.#finding(model, versions, one));
    const limit = exploration.exhaustive ? [] : [notExhaustive(service, exploration)];
    return { service, exploration, milliseconds, findings: [...findings, ...limit] };
  }

  #finding(
    model: Model,
    versions: Versions,
    { violation, beginning, steps }: Counterexample,
  ): Finding {
    const { code, message, event } = violation;
    const service = violation.service && unversioned(versions, violation.service);
    const first = model.beginnings[beginning];
    // What a deployment does not change does not count against it.
    const known = this.#brokenBefore().has(keyOf(violation, versions));
    return {
      code,
      severity: known ? "warning" : "error",
      message: known ? `${message}; the old version alone has this as well` : message,
      ...hintFor(code),
      at: { ...(service !== undefined && { service }), ...(event !== undefined && { event }) },
      trace: first === undefined ? [] : counterexampleTrace(first, steps),
    };
  }

  /** Returns what is wrong already before anything is deployed. */
  #brokenBefore(): ReadonlySet<string> {
    if (this.#before !== undefined) return this.#before;
    const model = compile(before(this.#change), { reductions: this.#reductions });
    const { counterexamples } = explore(model, this.#options());
    this.#before = new Set(counterexamples.map(({ violation }) => keyOf(violation)));
    return this.#before;
  }
}

const HINTS: Readonly<Partial<Record<Violation["code"], string>>> = {
  EFFECT_GONE: 'Say what the effect was called before: effect: { name, was: ["…"] }.',
  DEADLINE_GONE: "Keep the deadline until none is armed, say what it was, or retire it.",
  REACTION_GONE: 'Say what the reaction was called before: was: ["…"].',
  DEDUP_LOST: 'Say what the reaction was called before: was: ["…"].',
};

function hintFor(code: Violation["code"]): Pick<Finding, "hint"> {
  const hint = HINTS[code];
  return hint === undefined ? {} : { hint };
}

function before(change: TwoStates): Manifest {
  const { old } = change;
  const outside = fromOutside(change).filter((type) => !old.arrives.includes(type));
  return oneEventPerLineage({ ...old, arrives: [...old.arrives, ...outside] });
}

/** Identifies a rule that is broken, whichever version of a service and of an event it is about. */
function keyOf({ code, service, event, end }: Violation, versions?: Versions): string {
  const home = versions && service !== undefined ? unversioned(versions, service) : service;
  return [code, home, ...[event, end].map((type) => type && stemOf(type))].join(" ");
}

function unversioned({ service, old, now }: Versions, name: string): string {
  return name === old || name === now ? service : name;
}

function notExhaustive(service: string, { states }: Exploration): Finding {
  return {
    code: "NOT_EXHAUSTIVE",
    severity: "warning",
    message: `exploration of ${service} stopped after ${states} states; the rest is not proved`,
    hint: "Raise --states or --seconds, or deploy parts of the choreography separately.",
    at: { service },
  };
}
