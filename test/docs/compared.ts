/** The test that runs the code of a page. */
export type Compared = string;

/** Pages whose code is run by a test of their own. */
export const COMPARED: Readonly<Record<string, Compared>> = {
  "README.md": "test/docs/readme.test.ts",
  "docs/start.md": "test/docs/start.test.ts",
  "docs/how-to/ci.md": "test/docs/ci.test.ts",
  "docs/how-to/commonjs.md": "test/package/commonjs.test.ts",
  "docs/how-to/frameworks.md": "test/frameworks/frameworks.test.ts",
  "docs/how-to/http.md": "test/docs/http.test.ts",
  "docs/how-to/orms.md": "test/docs/orms.ts",
  "docs/how-to/prove.md": "test/docs/prove.test.ts",
  "docs/how-to/services-of-others.md": "test/docs/services-of-others.test.ts",
  "docs/how-to/simulate.md": "test/docs/simulate.test.ts",
  "docs/how-to/stuck-saga.md": "test/docs/stuck-saga.test.ts",
  "docs/how-to/testing.md": "test/docs/testing.test.ts",
  "docs/reference/lint.md": "test/docs/lint.test.ts",
};

/** Pages with code that no test runs, and why. */
export const SHOWN: Readonly<Record<string, string>> = {};
