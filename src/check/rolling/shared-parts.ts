import type { Manifest, ReactionEntry, ServiceEntry } from "../../manifest/manifest.ts";
import type { EffectMarks } from "../effect-marks.ts";
import { ARMED, ARMED_BY_NEW } from "../model.ts";
import { type Parts, storedParts } from "./parts.ts";
import { otherThan, type Versions } from "./versions.ts";

/** Gives parts of two versions that have one stored name the same bytes. */
export class SharedParts {
  readonly versions: Versions | undefined;
  readonly #services: ReadonlyMap<string, ServiceEntry>;
  readonly #parts = new Map<string, Parts>();
  readonly #bytes = new Map<string, number>();
  #effects: EffectMarks | undefined;

  constructor({ services }: Manifest, versions: Versions | undefined) {
    this.versions = versions;
    this.#services = services;
  }

  /** Returns the names of a version's parts; undefined for a service that has one version. */
  parts(service: ServiceEntry): Parts | undefined {
    if (otherThan(this.versions, service.name) === undefined) return undefined;
    const known = this.#parts.get(service.name) ?? storedParts(service);
    this.#parts.set(service.name, known);
    return known;
  }

  /** Returns the version beside this one. */
  other(service: ServiceEntry): ServiceEntry | undefined {
    return this.#services.get(otherThan(this.versions, service.name) ?? "");
  }

  otherParts(service: ServiceEntry): Parts | undefined {
    const other = this.other(service);
    return other && this.parts(other);
  }

  /** Returns the marks of a service's effects, which `make` allots at the first call. */
  effectMarks(service: ServiceEntry, make: () => EffectMarks): EffectMarks {
    if (this.parts(service) === undefined) return make();
    this.#effects ??= make();
    return this.#effects;
  }

  /** Returns the byte of a part, which `make` allots when it is first asked for. */
  byte(service: ServiceEntry, part: string, make: () => number): number {
    if (this.parts(service) === undefined) return make();
    const at = this.#bytes.get(part) ?? make();
    this.#bytes.set(part, at);
    return at;
  }

  /** Returns the byte of a part of the deployed service; undefined if no version has it. */
  known(part: string): number | undefined {
    return this.#bytes.get(part);
  }

  /** Lists what a join gathers, in either version: each event has a byte of its own. */
  gathered(service: ServiceEntry, place: number, { hears }: ReactionEntry): readonly string[] {
    const part = this.parts(service)?.reactions[place] ?? "";
    const other = this.otherParts(service)?.reactionOf(part);
    if (other?.kind !== "join") return hears;
    return [...new Set([...hears, ...other.hears])].sort();
  }

  /** Returns the value of a deadline's byte while it is armed by an event that it reads. */
  armedAs(service: ServiceEntry, place: number): number {
    const part = this.parts(service)?.deadlines[place] ?? "";
    const other = this.otherParts(service)?.deadlineOf(part);
    const own = service.deadlines[place];
    const differs = other !== undefined && other.after !== own?.after;
    return differs && service.name === this.versions?.now ? ARMED_BY_NEW : ARMED;
  }

  /**
   * Lists the events that call off a deadline of a version, though the other version lets them
   * pass: the deadline looks for them before it fires.
   */
  soughtBy(service: ServiceEntry, place: number): readonly string[] {
    const own = service.deadlines[place];
    if (own === undefined || this.parts(service) === undefined) return [];
    const other = this.otherParts(service)?.deadlineOf(this.parts(service)?.deadlines[place] ?? "");
    return own.unless.filter((type) => type !== own.after && !other?.unless.includes(type));
  }

  /** Tells whether the other version seeks an event that this one hears or emits. */
  isSought(service: ServiceEntry, type: string): boolean {
    const other = this.other(service);
    return other?.deadlines.some((_, place) => this.soughtBy(other, place).includes(type)) === true;
  }
}
