/*
 * Version 0.1.0 kept rows under names that contained the versions of events. Its databases are
 * migrated to the names that are kept now, or an undo would not find what it has to undo.
 */

const VERSIONS = /\.v\d+(?=$|[ |+])/g;
const OTHER_MARK = /^(once|max|fired|timer) /;
// What not every database stores as text, and the escape character itself.
const UNSTORABLE =
  /[\u0000-\u001f\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Returns the name of a reaction or deadline: `undo payment.authorized`. */
export function firstReactionName(name: string): string {
  return name.replace(VERSIONS, "");
}

/** Returns the name of a mark. The key behind the name of an effect is not part of the name. */
export function firstMarkName(name: string): string {
  if (OTHER_MARK.test(name)) return firstReactionName(name);
  const end = name.indexOf(" ");
  if (end < 0) return firstReactionName(name);
  const key = name.slice(end).replace(UNSTORABLE, escapeOf);
  return `${firstReactionName(name.slice(0, end))}${key}`;
}

function escapeOf(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
