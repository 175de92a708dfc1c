import fc from "fast-check";
import { compile } from "../../../src/check/compile.ts";
import { LookAhead } from "../../../src/check/from-here/look-ahead.ts";
import { placeSaga } from "../../../src/check/from-here/place.ts";
import { StoredParts } from "../../../src/check/from-here/stored-parts.ts";
import { Machine } from "../../../src/check/machine.ts";
import { violationKey } from "../../../src/check/violation.ts";
import type { LockEntry, Manifest, ServiceEntry } from "../../../src/manifest/manifest.ts";
import { randomManifest } from "../random.ts";
import { stem } from "../reference-effects.ts";
import { graphOf } from "./graph.ts";
import { type Draw, type Moment, walk } from "./walk.ts";

interface Agreement {
  choreographies: number;
  moments: number;
  /** Moments at which an event from outside has not been heard, so that nothing tells of it. */
  untold: number;
  /** Moments of sagas with keys, which may be in several states. */
  keyed: number;
  readonly disagreements: string[];
}

/** Larger ones are passed over. */
const STATES_MAX = 250;
const LIMITS = { statesMax: 20_000, millisecondsMax: 60_000 };

/** Services as Odori runs them, each part under a name of its own. */
function ofOdori(service: ServiceEntry): ServiceEntry {
  return {
    ...service,
    inbox: true,
    fence: true,
    reactions: service.reactions.map((entry, n) => ({ ...entry, name: `r${n}` })),
    deadlines: service.deadlines.map((entry, n) => ({ ...entry, name: `w${n}` })),
  };
}

const choreographies: fc.Arbitrary<Manifest> = randomManifest(0).map((manifest) => ({
  ...manifest,
  locks: manifest.locks.filter((lock) => isOfServices(manifest, lock)),
  services: new Map([...manifest.services].map(([name, one]) => [name, ofOdori(one)])),
}));

/** No row says when an event from outside came: before or after a lock was taken. */
function isOfServices({ arrives, begins }: Manifest, { acquire, release }: LockEntry): boolean {
  return [acquire, ...release].every((type) => ![...arrives, ...begins].includes(type));
}

/** Compares each prefix of a random saga with what the plain interpreter says can follow. */
function agree(manifest: Manifest, seed: number, agreement: Agreement): void {
  const starts = graphOf(manifest, STATES_MAX);
  if (starts === undefined) return;
  agreement.choreographies++;
  const machine = new Machine(compile(manifest));
  const parts = new StoredParts(machine.model);
  const ahead = new LookAhead(machine);
  for (const moment of walk(manifest, starts, drawing(seed))) {
    const { node, histories, told, future } = moment;
    if (histories.every(({ history }) => history.journal.length === 0)) continue;
    const placed = placeSaga(machine, parts, histories, "kept");
    const found = ahead.from(placed.states, LIMITS);
    agreement.moments++;
    const said = (what: string) => agreement.disagreements.push(`${what}\n${shown(moment)}`);
    if (!found.complete) said("not complete");
    for (const type of future) if (!found.events.includes(type)) said(`${type} has come`);
    const retried = ahead.from(placeSaga(machine, parts, histories, "retried").states, LIMITS);
    for (const type of found.events)
      if (!retried.events.includes(type)) said(`${type} only if not retried`);
    const keyed = placed.states.length > 1 || placed.moreKeys.length > 0;
    if (keyed) agreement.keyed++;
    if (!told) agreement.untold++;
    const rests = [
      ...found.good.map((one) => `good ${one}`),
      ...found.bad.map((one) => `bad ${one}`),
    ];
    const violations = found.violations.map((one) => {
      const key = violationKey({ ...one, detail: undefined });
      return key.split(" ").map(stem).join(" ");
    });
    const exact = told && !keyed;
    compare("events", found.events, node.events, exact, said);
    compare("rests", rests, node.rests, exact, said);
    compare("violations", violations, node.violations, exact, said);
    // The machine drops deliveries that can change nothing.
    if (exact && node.atRest && !found.atRest) said("not at rest");
  }
}

/** What is known less exactly has to hold the truth, and may hold more. */
function compare(
  what: string,
  found: readonly string[],
  truth: ReadonlySet<string>,
  exact: boolean,
  said: (what: string) => void,
): void {
  const more = found.filter((one) => !truth.has(one));
  const less = [...truth].filter((one) => !found.includes(one));
  if (less.length > 0 || (exact && more.length > 0))
    said(`${what}: too much ${more.join(", ")}; missing ${less.join(", ")}`);
}

function shown({ histories, node }: Moment): string {
  const rows = histories.flatMap(({ service, history }) =>
    history.journal.map(({ seq, reaction, type, id, disposition, effect, emitted }) =>
      [seq, service, reaction, type, id, disposition, effect, JSON.stringify(emitted)].join(" "),
    ),
  );
  return `${rows.join("\n")}\n${JSON.stringify({ ...node.state, last: undefined })}`;
}

/** Compares one random saga of each of some random choreographies, the same for each seed. */
export function agreeOn(numRuns: number, seed: number): Agreement {
  const agreement = { choreographies: 0, moments: 0, untold: 0, keyed: 0, disagreements: [] };
  // Not all at once: many manifests are large.
  for (let run = 0; run < numRuns; run++) {
    const [manifest] = fc.sample(choreographies, { numRuns: 1, seed: seed + run });
    if (manifest !== undefined) agree(manifest, seed + run, agreement);
  }
  return agreement;
}

/** Numbers that look random and are the same for each seed. */
function drawing(seed: number): Draw {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % Math.max(1, below);
  };
}
