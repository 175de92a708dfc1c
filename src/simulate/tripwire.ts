import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { type Actor, running } from "./actor.ts";
import { answerLikeNode, fillBytes, intBelow } from "./randomness.ts";
import { RealWaits } from "./real-waits.ts";
import { Rejections } from "./rejections.ts";

/** A call past the context of a handler, which the simulation has noticed. */
export interface Leak {
  /** What was called, such as `Date.now()`. */
  readonly what: string;
  /** The file and the line. */
  readonly at: string;
  /** Whether it was answered with the time and chance of the run. `fetch` leaves the simulation. */
  readonly controlled: boolean;
}

type Callable = (...given: unknown[]) => unknown;

/** Frames of the stack that are not those of a caller. */
const OWN = /\/simulate\/tripwire\.[jt]s|<anonymous>/;
const NS_A_MS = 1_000_000n;
const NS_A_SECOND = 1_000_000_000n;
/** Frames of the stack that a search for the caller looks at. */
const FRAMES = 16;

/**
 * Notices calls of handlers that take time or chance past their context. They are answered with
 * those of the run, so that it can be repeated; elsewhere, what they replace is called.
 */
export class Tripwires implements Disposable {
  readonly #leaks = new Map<string, Leak>();
  readonly #restore: (() => void)[] = [];
  readonly #rejections = new Rejections();
  readonly #realWaits = new RealWaits(({ what, at }) => this.#note(what, at, false));

  constructor() {
    this.#arm();
    syncBuiltinESMExports();
  }

  /** Each place once. */
  get leaks(): readonly Leak[] {
    return [...this.#leaks.values()];
  }

  [Symbol.dispose](): void {
    this.#rejections[Symbol.dispose]();
    this.#realWaits[Symbol.dispose]();
    for (const restore of this.#restore) restore();
    syncBuiltinESMExports();
  }

  #arm(): void {
    const now = (what: string) => this.#told(what)?.now();
    this.#replace(globalThis, "Date", {
      construct: (real, given, self) => {
        const virtual = given.length === 0 ? now("new Date()") : undefined;
        return Reflect.construct(real, virtual === undefined ? given : [virtual], self);
      },
      apply: (real, self, given) => {
        const virtual = now("Date()");
        if (virtual === undefined) return Reflect.apply(real, self, given);
        return String(new Date(virtual));
      },
    });
    this.#replace(Date, "now", {
      apply: (real) => now("Date.now()") ?? Reflect.apply(real, Date, []),
    });
    this.#replace(performance, "now", {
      apply: (real) => now("performance.now()") ?? Reflect.apply(real, performance, []),
    });
    const { bigint } = process.hrtime;
    this.#replace(process, "hrtime", {
      apply: (real, _, given) => {
        const virtual = now("process.hrtime()");
        if (virtual === undefined) return Reflect.apply(real, process, given);
        return since(virtual, given[0]);
      },
    });
    this.#replace(process.hrtime, "bigint", {
      apply: () => {
        const virtual = now("process.hrtime.bigint()");
        return virtual === undefined ? bigint() : BigInt(virtual) * NS_A_MS;
      },
    });
    this.#armFormat(now);
    this.#replace(Math, "random", {
      apply: (real) => this.#told("Math.random()")?.random() ?? Reflect.apply(real, Math, []),
    });
    for (const owner of [crypto, globalThis.crypto])
      this.#replace(owner, "randomUUID", {
        apply: (real, _, given) =>
          this.#told("randomUUID()")?.uuid() ?? Reflect.apply(real, owner, given),
      });
    this.#armBytes();
    this.#replace(globalThis, "fetch", {
      apply: (real, _, given) => {
        this.#told("fetch()", false);
        return Reflect.apply(real, globalThis, given);
      },
    });
    this.#armTimers();
  }

  #armBytes(): void {
    for (const owner of [crypto, globalThis.crypto])
      this.#replace(owner, "getRandomValues", {
        apply: (real, _, given) => {
          const [view] = given;
          const actor = ArrayBuffer.isView(view) && this.#told("getRandomValues()");
          return actor ? fillBytes(actor, view) : Reflect.apply(real, owner, given);
        },
      });
    this.#replace(crypto, "randomBytes", {
      apply: (real, _, given) => {
        const [size] = given;
        const actor = typeof size === "number" && this.#told("randomBytes()");
        if (!actor) return Reflect.apply(real, crypto, given);
        return answerLikeNode(given, fillBytes(actor, Buffer.alloc(size)));
      },
    });
    for (const name of ["randomFillSync", "randomFill"] as const)
      this.#replace(crypto, name, {
        apply: (real, _, given) => {
          const [view, offset, size] = given;
          const filled = view instanceof ArrayBuffer ? new Uint8Array(view) : view;
          const actor = ArrayBuffer.isView(filled) && this.#told(`${name}()`);
          if (!actor) return Reflect.apply(real, crypto, given);
          fillBytes(actor, elementsOf(filled, offset, size));
          return answerLikeNode(given, view);
        },
      });
    this.#replace(crypto, "randomInt", {
      apply: (real, _, given) => {
        const actor = this.#told("randomInt()");
        if (actor === undefined) return Reflect.apply(real, crypto, given);
        return answerLikeNode(given, intBelow(actor, given));
      },
    });
  }

  /** A formatter without a date takes the time of now. */
  #armFormat(now: (what: string) => number | undefined): void {
    const { prototype } = Intl.DateTimeFormat;
    const real = Object.getOwnPropertyDescriptor(prototype, "format");
    if (real?.get === undefined) return;
    const { get } = real;
    Object.defineProperty(prototype, "format", {
      ...real,
      get(this: Intl.DateTimeFormat) {
        const format: Intl.DateTimeFormat["format"] = Reflect.apply(get, this, []);
        if (running.getStore() === undefined) return format;
        return (date?: Date | number) =>
          format(date === undefined ? now("Intl.DateTimeFormat.format()") : date);
      },
    });
    this.#restore.push(() => Object.defineProperty(prototype, "format", real));
  }

  #armTimers(): void {
    const cancels = new WeakMap<object, () => void>();
    const virtual = (actor: Actor, delayMs: unknown, work: () => void) => {
      const cancel = actor.timer(Number(delayMs ?? 0) || 0, work);
      const handle = { ref: () => handle, unref: () => handle, hasRef: () => true };
      cancels.set(handle, cancel);
      return handle;
    };
    for (const name of ["setTimeout", "setImmediate"] as const)
      this.#replace(globalThis, name, {
        apply: (real, _, given) => {
          const actor = this.#told(`${name}()`);
          if (actor === undefined) return Reflect.apply(real, globalThis, given);
          const [work, delayMs] = given;
          const rest = given.slice(name === "setTimeout" ? 2 : 1);
          const delay = name === "setTimeout" ? delayMs : 0;
          return virtual(actor, delay, () => {
            if (typeof work === "function") Reflect.apply(work, undefined, rest);
          });
        },
      });
    this.#replace(globalThis, "setInterval", {
      apply: (real, _, given) => {
        this.#told("setInterval()", false);
        return Reflect.apply(real, globalThis, given);
      },
    });
    for (const name of ["clearTimeout", "clearImmediate"] as const)
      this.#replace(globalThis, name, {
        apply: (real, _, given) => {
          const [handle] = given;
          const cancel = typeof handle === "object" && handle !== null && cancels.get(handle);
          if (cancel) cancel();
          else Reflect.apply(real, globalThis, given);
        },
      });
  }

  /** Puts a proxy in the place of a function. */
  #replace(owner: object, name: string, handler: ProxyHandler<Callable>): void {
    const before: Callable = Reflect.get(owner, name);
    Reflect.set(owner, name, new Proxy(before, handler));
    this.#restore.push(() => Reflect.set(owner, name, before));
  }

  /** Notes a call of a handler; undefined for any other call. */
  #told(what: string, controlled = true): Actor | undefined {
    const actor = running.getStore();
    if (actor === undefined) return undefined;
    const at = callerOf();
    // Node itself works for the handler, such as for `fetch`.
    if (at === undefined) return undefined;
    if (!(controlled && actor.isOutside)) this.#note(what, at, controlled);
    return actor;
  }

  #note(what: string, at: string, controlled: boolean): void {
    this.#leaks.set(`${what} ${at}`, { what, at, controlled });
  }
}

/** The time as `process.hrtime` gives it: seconds and nanoseconds, since an earlier one. */
function since(nowMs: number, before: unknown): readonly [number, number] {
  const [seconds, nanoseconds] = Array.isArray(before) ? before : [0, 0];
  const ns = BigInt(nowMs) * NS_A_MS - BigInt(seconds) * NS_A_SECOND - BigInt(nanoseconds);
  return [Number(ns / NS_A_SECOND), Number(ns % NS_A_SECOND)];
}

/** Of a view, the elements that `randomFill` is to fill. */
function elementsOf(view: ArrayBufferView, offset: unknown, size: unknown): ArrayBufferView {
  const width = "BYTES_PER_ELEMENT" in view ? Number(view.BYTES_PER_ELEMENT) : 1;
  const from = typeof offset === "number" ? offset * width : 0;
  const bytes = typeof size === "number" ? size * width : view.byteLength - from;
  return new Uint8Array(view.buffer, view.byteOffset + from, bytes);
}

/** The first place outside this file and dependencies; undefined where Node is the caller. */
function callerOf(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = "" } = new Error("a place");
  Error.stackTraceLimit = limit;
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const [caller = "", ...further] = frames.filter((line) => !OWN.test(line));
  if (/node:/.test(caller)) return undefined;
  const frame = [caller, ...further].find((line) => !/node:|node_modules/.test(line));
  return /\(?(?:file:\/\/)?([^()\s]+:\d+):\d+\)?$/.exec(frame ?? "")?.[1];
}
