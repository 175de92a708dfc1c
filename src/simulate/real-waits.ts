import { createHook } from "node:async_hooks";
import { type Actor, running } from "./actor.ts";
import { framesOf, userPlaceIn } from "./place.ts";

/** What a handler waits for that the simulation does not control, such as `readFile()`. */
interface RealWait {
  readonly what: string;
  readonly at: string;
}

/** Frames of the stack that a search for the caller looks at. */
const FRAMES = 24;
/** Types of resources that wait for the world outside: those of Node's own code, and timers. */
const REAL = /^(?!PROMISE$)[A-Z0-9]+$|^Timeout$|^Immediate$/;
/** A function of Node, as a frame names it. */
const NODE_FUNCTION = /at (?:new |async )?([\w.]+) .*\(node:/;

const listeners = new Set<(wait: RealWait) => void>();
let seen = false;
const hook = createHook({
  trackPromises: false,
  init(_, type) {
    if (!REAL.test(type) || running.getStore() === undefined) return;
    const wait = realWaitIn(framesHere());
    if (wait !== undefined) for (const tell of listeners) tell(wait);
  },
});

/** Takes each place once, from the first run on that begins after such a wait was seen. */
export class RealWaits implements Disposable {
  readonly #tell: (wait: RealWait) => void;

  constructor(tell: (wait: RealWait) => void) {
    const places = new Set<string>();
    this.#tell = (wait) => {
      // Node goes on behind the call, under other names.
      if (!places.has(wait.at)) tell(wait);
      places.add(wait.at);
    };
    listeners.add(this.#tell);
  }

  [Symbol.dispose](): void {
    listeners.delete(this.#tell);
    if (listeners.size > 0) return;
    seen = false;
    hook.disable();
  }
}

/** A handler waits for the world outside. */
export function sawRealWait(): void {
  seen = listeners.size > 0;
}

/** A run begins. The hook slows it down, so it waits until a run has had such a wait. */
export function tellRealWaits(): void {
  if (seen) hook.enable();
}

/** Knows at which line each process waits. It slows down every promise. */
export class AwaitPlaces implements Disposable {
  readonly #last = new WeakMap<Actor, { readonly depth: number; readonly at: string }>();
  readonly #hook = createHook({
    init: () => {
      const actor = running.getStore();
      if (actor !== undefined) this.#note(actor, framesHere());
    },
  });

  constructor() {
    this.#hook.enable();
  }

  /** Where the handlers of the process have last made a promise: `await` makes one. */
  of(actor: Actor): string | undefined {
    return this.#last.get(actor)?.at;
  }

  #note(actor: Actor, frames: readonly string[]): void {
    const at = userPlaceIn(frames);
    if (at === undefined) return;
    const last = this.#last.get(actor);
    const depth = frames.filter((frame) => userPlaceIn([frame]) !== undefined).length;
    // The callers await in their turn what the function awaits that they have called.
    const unwinds = last !== undefined && depth < last.depth;
    this.#last.set(actor, { depth, at: unwinds ? last.at : at });
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }
}

function framesHere(): readonly string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = "" } = new Error("a place");
  Error.stackTraceLimit = limit;
  return framesOf(stack);
}

/** The function of Node that the user's code has called. What goes on behind it is not told. */
function realWaitIn(frames: readonly string[]): RealWait | undefined {
  const own = frames.findIndex((frame) => userPlaceIn([frame]) !== undefined);
  const at = userPlaceIn(frames);
  const name = NODE_FUNCTION.exec(frames[own - 1] ?? "")?.[1];
  if (at === undefined || name === undefined || /at async /.test(frames[own] ?? ""))
    return undefined;
  return { what: `${name}()`, at };
}
