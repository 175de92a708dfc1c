/** A place in a source file that declared something. */
export interface CallSite {
  /** An absolute path, or a `file:` URL. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

type Verb = (...parameters: never) => unknown;

const stacks = new WeakMap<object, { readonly stack?: string }>();

/**
 * Remembers where `verb` was called for what it declares. The stack becomes text only when
 * `callSiteOf` asks for it.
 */
export function noteCallSite<T extends object>(declared: T, verb: Verb): T {
  // An engine without this function declares all the same.
  if (typeof Error.captureStackTrace === "function") {
    const holder = {};
    Error.captureStackTrace(holder, verb);
    stacks.set(declared, holder);
  }
  return declared;
}

/** Returns where a contract, a reaction, a deadline or a choreography was declared. */
export function callSiteOf(declared: object): CallSite | undefined {
  const { stack } = stacks.get(declared) ?? {};
  const [caller = ""] = stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  const found = /((?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/.exec(caller);
  if (found?.[1] === undefined) return undefined;
  return { file: found[1], line: Number(found[2]), column: Number(found[3]) };
}
