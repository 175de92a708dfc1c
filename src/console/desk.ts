import type { Outlook } from "../check/from-here/from-here.ts";
import type { LookLimits } from "../check/from-here/look-ahead.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { fingerprintOf, manifestIn } from "../manifest/fingerprint.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { mergeManifests } from "../manifest/merge.ts";
import { BusWatch } from "../observe/bus-watch.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import { Follower } from "../observer/follow.ts";
import { Observer } from "../observer/observer.ts";
import { Projection } from "../observer/projection.ts";
import type { JournalSource } from "../ports/source.ts";
import { Allowance } from "./allowance.ts";
import type { DevDesk } from "./dev.ts";
import { Foresight, type LookedInto } from "./foresight.ts";
import { JobList } from "./job-list.ts";
import { TrafficReader } from "./traffic.ts";
import type { Permission } from "./wire.ts";

/** What a desk is made from. */
export interface DeskOptions {
  readonly sources: readonly JournalSource[];
  /** Undefined: what the services have declared in their stores, which knows no ends. */
  readonly manifest: Manifest | undefined;
  readonly projection: string;
  /** A file for what people do. Undefined: in the projection. */
  readonly record?: string | undefined;
  readonly allowed: readonly Permission[];
  /** The services beside the console, in `odori dev`. */
  readonly dev: DevDesk | undefined;
  readonly kept: KeptPayloads | undefined;
  /** Bounds of what a page looks ahead. */
  readonly looks?: LookLimits;
}

/** How far to look ahead, and for how long its asker waits for it. */
export interface LookBounds {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: LookLimits | undefined;
}

/** Events with their payloads, which only `odori dev` keeps. */
export interface KeptPayloads {
  /** Those of a saga. */
  of(sagaId: string): readonly EventEnvelope[];
  close(): void;
}

/** A page is written in one go, while requests wait: smaller than where nothing waits. */
const PAGE_ROWS = 2_000;

/** The bus of `odori dev`. On one machine an event is committed as soon as it is written. */
const IN_PROCESS = { confirmsHandled: true, commitMs: 1_000 } as const;

/** What every request of the console works with. */
export class Desk {
  readonly projection: Projection;
  readonly observer: Observer;
  readonly follower: Follower;
  readonly sources: readonly JournalSource[];
  readonly allowed: ReadonlySet<Permission>;
  readonly traffic: TrafficReader;
  readonly jobs: JobList;
  readonly dev: DevDesk | undefined;
  readonly kept: KeptPayloads | undefined;
  readonly #named: Manifest | undefined;
  #declared: { readonly key: string; readonly manifest: Manifest | undefined } | undefined;
  #key: { readonly of: Manifest | undefined; readonly key: string } | undefined;
  readonly #foresight = new Foresight();
  readonly #allowance = new Allowance();
  readonly #looks: LookLimits | undefined;

  constructor({ sources, manifest, projection, record, allowed, dev, kept, looks }: DeskOptions) {
    this.#looks = looks;
    this.dev = dev;
    this.kept = kept;
    this.sources = sources;
    this.allowed = new Set(allowed);
    this.#named = manifest;
    this.projection = new Projection(projection, undefined, record);
    const endsKnown = manifest !== undefined && knowsEnds(manifest);
    this.observer = new Observer({
      ...{ sources, projection: this.projection, pageRows: PAGE_ROWS },
      ...(dev !== undefined && { buses: new BusWatch(IN_PROCESS) }),
      ends: endsKnown ? manifest : undefined,
      choreography: manifest,
      foresee: endsKnown ? (parts, read) => this.#foreseeAll(manifest, parts, read) : undefined,
    });
    this.follower = new Follower(this.observer, this.projection);
    this.traffic = new TrafficReader(this.projection);
    this.jobs = new JobList();
  }

  /** The choreography: the one that was named, else what the services have declared. */
  get manifest(): Manifest | undefined {
    if (this.#named !== undefined) return this.#named;
    const newest = this.observer.abouts.map(({ service, declarations }) => ({
      service,
      declaration: declarations[0],
    }));
    const key = newest.map(({ declaration }) => declaration?.fingerprint ?? "").join();
    if (this.#declared?.key !== key) {
      const sources = newest.flatMap(({ service, declaration }) => {
        const manifest = declaration && manifestIn(declaration.manifest);
        return manifest === undefined ? [] : [{ from: service, manifest }];
      });
      const manifest = sources.length === 0 ? undefined : mergeManifests(sources).manifest;
      this.#declared = { key, manifest };
    }
    return this.#declared?.manifest;
  }

  /** Identifies the choreography: what was made from it may be kept. */
  get manifestKey(): string {
    const { manifest } = this;
    if (this.#key?.of !== manifest)
      this.#key = { of: manifest, key: manifest === undefined ? "" : fingerprintOf(manifest) };
    return this.#key?.key ?? "";
  }

  /**
   * What may happen in a saga, found in a thread. Undefined where no declaration says what the
   * services do. Rejects with the reason of `signal`; throws `CONSOLE_BUSY`.
   */
  async foresee(
    parts: readonly ServiceHistory[],
    { signal, limits = this.#looks }: LookBounds,
  ): Promise<LookedInto> {
    const { manifest } = this;
    if (manifest === undefined) return { outlook: undefined };
    return this.#foresight.of({ manifest, parts, read: this.readServices, limits, signal });
  }

  /** Services whose journals are read. */
  get services(): readonly string[] {
    return this.observer.abouts.map(({ service }) => service);
  }

  /** Those of them that can be read now. */
  get readServices(): ReadonlySet<string> {
    const away = new Set(this.observer.away.map(({ service }) => service));
    return new Set(this.services.filter((service) => !away.has(service)));
  }

  get endsKnown(): boolean {
    return this.manifest !== undefined && knowsEnds(this.manifest);
  }

  async close(): Promise<void> {
    this.jobs.stopAll();
    // The follower may wait for it.
    await this.#foresight.close();
    await this.follower.stop();
    this.projection.close();
    this.kept?.close();
  }

  /** For the feeds, which are not to stand still while sagas are looked into. */
  async #foreseeAll(
    manifest: Manifest,
    parts: readonly ServiceHistory[],
    read: ReadonlySet<string>,
  ): Promise<Outlook | undefined> {
    const began = performance.now();
    const limits = this.#allowance.isSpent(began) ? { millisecondsMax: 0 } : undefined;
    const { outlook } = await this.#foresight.of({ manifest, parts, read, limits });
    this.#allowance.spend(performance.now() - began);
    return outlook;
  }
}

function knowsEnds({ succeeds, fails }: Manifest): boolean {
  return succeeds.length + fails.length > 0;
}
