/** The part of a token of markdown-it that is needed here. */
interface Token {
  readonly type: string;
  readonly content: string;
}

const WIDE = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]/;

/**
 * A line break within a paragraph. Japanese has no spaces between words, so beside a Japanese
 * letter it is nothing. Beside code it stays a space.
 */
export function softbreak(tokens: readonly Token[], index: number): string {
  const before = nearest(tokens.slice(0, index).reverse());
  const after = nearest(tokens.slice(index + 1));
  if (before === undefined || after === undefined) return "\n";
  return WIDE.test(before.at(-1) ?? "") || WIDE.test(after.at(0) ?? "") ? "" : "\n";
}

/** The text beside a break; undefined beside code. Marks of emphasis and links are passed by. */
function nearest(tokens: readonly Token[]): string | undefined {
  const token = tokens.find(({ type, content }) => content !== "" || type === "code_inline");
  return token?.type === "text" ? token.content : undefined;
}
