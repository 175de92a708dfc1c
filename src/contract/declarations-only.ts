/*
 * A command that reads declarations loads the modules of an application. A module may also start
 * the application, which would then take deliveries of real sagas. The mark is global, because the
 * module may load another copy of Odori than the command.
 */

const MARK = Symbol.for("odori.declarations-only");

/** Says that this thread loads modules for their declarations: `start` refuses from now on. */
export function readDeclarationsOnly(): void {
  Reflect.set(globalThis, MARK, true);
}

/** Tells whether this thread loads modules for their declarations only. */
export function isReadingDeclarations(): boolean {
  return Reflect.get(globalThis, MARK) === true;
}
