import type { Incoming } from "odori";
import { EDGES, type Message } from "./edges.ts";
import { Judge, keptFault } from "./judge.ts";
import { once, pick, type Random } from "./random.ts";
import { wireOf } from "./wire.ts";

/** A decode above this is a fault, also on a slow machine: the limit of a message is 64 KiB. */
const SLOW_MS = 200;
const REPEATS = 3;

export interface Slow {
  readonly edge: string;
  readonly milliseconds: number;
  readonly bytes: number;
  readonly began: string;
}

export interface Fault {
  readonly edge: string;
  readonly what: string;
  readonly body: string;
}

/** Fuzzes the edges of the adapters; one instance is one run. */
export class Fuzz {
  decodes = 0;
  events = 0;
  readonly faults: Fault[] = [];
  readonly slowest: Slow[] = [];
  readonly #judge = new Judge();
  #messages = 0;

  /** Makes one message, and reads it twice at one edge, or once from a database. */
  step(random: Random): void {
    const wire = wireOf(random);
    if (once(random, 6)) {
      const text = Buffer.from(wire.body).toString();
      const malformed = once(random, 2);
      const body = { malformed, text: malformed || once(random, 4) ? text : `[${text}]` };
      this.#timed("kept", wire.body, () => this.#note("kept", wire.body, keptFault(body, 0)));
      return;
    }
    const edge = pick(random, EDGES);
    const message = edge.make(random, wire, ++this.#messages);
    this.#judged(edge.name, wire.body, message);
  }

  #judged(edge: string, body: Uint8Array, message: Message): void {
    try {
      const read = () => this.#timed(edge, body, message.read);
      const [first, again] = [read(), read()];
      for (const [i, incoming] of first.entries()) {
        // Events of a batch have an identity each, also if two are the same text.
        const part = { ...message, content: `${message.content} ${i}` };
        this.#note(edge, body, this.#faultOf(edge, part, incoming, again[i]));
      }
    } catch (error) {
      this.#note(edge, body, error instanceof Error ? (error.stack ?? error.message) : `${error}`);
    }
  }

  #faultOf(edge: string, message: Message, incoming: Incoming, again: Incoming | undefined) {
    if (again === undefined) return "read twice, it has fewer events";
    if (!("malformed" in incoming)) this.events++;
    return this.#judge.fault(edge, message, incoming, again);
  }

  #note(edge: string, body: Uint8Array, what: string | undefined): void {
    if (what === undefined) return;
    this.faults.push({ edge, what: what.slice(0, 2_000), body: beginOf(body) });
  }

  /** The machine may pause: what seems slow is measured again. */
  #timed<T>(edge: string, body: Uint8Array, work: () => T): T {
    this.decodes++;
    const began = performance.now();
    const result = work();
    const took = performance.now() - began;
    const least = this.slowest.at(-1)?.milliseconds ?? 0;
    if (this.slowest.length < 10 || took > least) this.#slow(edge, body, work);
    return result;
  }

  #slow(edge: string, body: Uint8Array, work: () => unknown): void {
    const times = Array.from({ length: REPEATS }, () => {
      const began = performance.now();
      work();
      return performance.now() - began;
    });
    const milliseconds = Math.min(...times);
    this.slowest.push({ edge, milliseconds, bytes: body.length, began: beginOf(body) });
    this.slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(10);
    if (milliseconds > SLOW_MS) this.#note(edge, body, `it takes ${milliseconds} ms`);
  }
}

function beginOf(body: Uint8Array): string {
  return Buffer.from(body.subarray(0, 400)).toString("latin1");
}
