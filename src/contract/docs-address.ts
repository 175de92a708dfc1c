/**
 * Where the documentation stands, with a slash at the end: errors and findings name their pages
 * below it. It is the `homepage` of package.json, which a test compares.
 */
export const DOCS_ADDRESS = "https://odori-dev.github.io/odori/";

/** The page of a finding in the reference. */
export function findingPage(code: string): string {
  return `${DOCS_ADDRESS}reference/findings/${code.toLowerCase()}.html`;
}
