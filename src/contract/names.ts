import { stemOf } from "./grammar.ts";

/*
 * The names under which a service keeps its state, for code, manifest, runtime and checker alike.
 * A name follows from a fact's stem, never from its version or from a list of events. The stored
 * name of a part that was renamed stays its oldest one: a rename changes no row, and a rollback
 * finds every row where it left it.
 */

/** A part that has a name, and the names that it had before, oldest first. */
export interface Named {
  readonly name: string;
  readonly was: readonly string[];
}

/** What a default name is made of. */
export interface Nameable {
  readonly kind: "step" | "undo" | "join";
  readonly hears: readonly string[];
  readonly undoes: string | undefined;
}

/**
 * Returns the name of a reaction that declares none. Undefined where it would be a list: a list of
 * events changes, and a name must not.
 */
export function defaultName({ kind, hears, undoes }: Nameable): string | undefined {
  if (kind === "undo") return `undo ${undoes}`;
  const stems = new Set(hears.map(stemOf));
  return kind === "step" && stems.size === 1 ? [...stems][0] : undefined;
}

/** Returns the name of a deadline that declares none. */
export function defaultDeadlineName(emits: string): string {
  return `deadline ${stemOf(emits)}`;
}

/** Returns the name under which the rows of a part are kept. */
export function storedName({ name, was }: Named): string {
  return withoutVersions(was[0] ?? name);
}

/**
 * Returns the stored name for one of version 0.1.0, which had the versions of events in it:
 * `undo payment.authorized` for `undo payment.authorized.v1`. Other names stay as they are.
 */
export function withoutVersions(name: string): string {
  return name.replace(/\.v\d+(?=$|[ |+])/g, "");
}

/** The name under which beginnings stand in the inbox. */
export const BEGINNING = "begin";

const WATCH = "watch ";

/** Names what arms or calls off a deadline, by the stored name of the deadline. */
export function watchName(stored: string): string {
  return `${WATCH}${stored}`;
}

/** Returns the stored name of the deadline that is watched; undefined for another name. */
export function watchedName(name: string): string | undefined {
  return name.startsWith(WATCH) ? name.slice(WATCH.length) : undefined;
}

/** What a mark says something about. */
export type MarkKind = "effect" | "firstOf" | "max" | "join" | "deadline" | "forgotten";

const PREFIXES = { firstOf: "once ", max: "max ", join: "fired ", deadline: "timer " } as const;

/** The mark of a saga that was heard of again after the store had forgotten it. */
export const FORGOTTEN_MARK = "forgotten saga";

/** First words of the marks that are not effects: no effect may have one of these names. */
export const RESERVED: readonly string[] = [...Object.values(PREFIXES), FORGOTTEN_MARK].map(
  (mark) => mark.split(" ")[0] ?? mark,
);

/** Names the mark of anything but an effect, by the stored name of its part. */
export function markOf(kind: Exclude<MarkKind, "effect" | "forgotten">, stored: string): string {
  return `${PREFIXES[kind]}${stored}`;
}

/** Names the mark of an effect: `payment.authorized`, or with its key behind it. */
export function effectMark(stored: string, key?: string): string {
  return key === undefined ? stored : `${stored} ${escaped(key)}`;
}

// What not every database stores as text, and the escape character itself.
const UNSTORABLE =
  /[\u0000-\u001f\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Writes a key so that each database stores it. Different keys stay different. */
function escaped(key: string): string {
  return key.replace(
    UNSTORABLE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A mark's name, taken apart. */
export interface ParsedMark {
  readonly kind: MarkKind;
  /** The stored name of the part. */
  readonly name: string;
  /** Of an effect: the key that tells it from others of its name. */
  readonly key: string | undefined;
}

/** Takes a mark's name apart. */
export function parseMark(mark: string): ParsedMark {
  if (mark === FORGOTTEN_MARK) return { kind: "forgotten", name: mark, key: undefined };
  for (const kind of ["firstOf", "max", "join", "deadline"] as const)
    if (mark.startsWith(PREFIXES[kind]))
      return { kind, name: mark.slice(PREFIXES[kind].length), key: undefined };
  const space = mark.indexOf(" ");
  if (space < 0) return { kind: "effect", name: mark, key: undefined };
  return { kind: "effect", name: mark.slice(0, space), key: mark.slice(space + 1) };
}

/** Returns the name of a mark of version 0.1.0 as it is now. A key may hold any text, and stays. */
export function markWithoutVersions(mark: string): string {
  const { kind, name, key } = parseMark(mark);
  if (kind === "forgotten") return mark;
  const stored = withoutVersions(name);
  return kind === "effect" ? effectMark(stored, key) : markOf(kind, stored);
}
