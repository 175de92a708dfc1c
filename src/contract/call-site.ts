/** A place in a source file that declared something. */
export interface CallSite {
  /** An absolute path, or a `file:` URL. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

type Verb = (...parameters: never) => unknown;

/** Shared by all copies of this module that one process loads. */
const SITE = Symbol.for("odori.callSite");

/**
 * Remembers where `verb` was called for what it declares. The stack becomes text only when
 * `callSiteOf` asks for it.
 */
export function noteCallSite<T extends object>(declared: T, verb: Verb): T {
  // An engine without this function declares all the same.
  if (typeof Error.captureStackTrace !== "function") return declared;
  const holder = {};
  Error.captureStackTrace(holder, verb);
  return Object.defineProperty(declared, SITE, { value: holder });
}

/** Returns where a contract, a reaction, a deadline or a choreography was declared. */
export function callSiteOf(declared: object): CallSite | undefined {
  const holder: unknown = Reflect.get(declared, SITE);
  const stack = typeof holder === "object" && holder !== null && Reflect.get(holder, "stack");
  if (typeof stack !== "string") return undefined;
  const caller = stack.split("\n").find((line) => /^\s+at /.test(line)) ?? "";
  const found = /((?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/.exec(caller);
  if (found?.[1] === undefined) return undefined;
  return { file: found[1], line: Number(found[2]), column: Number(found[3]) };
}
