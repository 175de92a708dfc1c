/* The ways in which projects lay out their TypeScript, each with one choreography. */

export interface Layout {
  readonly name: string;
  /** What the command is called with. */
  readonly source: string;
  readonly files: Readonly<Record<string, string>>;
}

const CONTRACTS = `import { event } from "odori";

const payload = {
  "~standard": {
    version: 1 as const,
    vendor: "user",
    validate: (value: unknown) => ({ value: value as { orderId: string } }),
  },
};
export const orderPlaced = event("order.placed.v1", payload);
`;

const SOURCE = "src/choreography.ts";
const ESM = `{ "type": "module" }`;

function choreography(contracts: string, more = ""): string {
  return `import { choreography, service } from "odori";
import { orderPlaced } from "${contracts}";
${more}
const order = service("order").begins(orderPlaced);
export default choreography("order", {
  services: [order],
  begins: [orderPlaced],
  succeeds: [orderPlaced],
});
`;
}

/** A project whose choreography imports its contracts from the file beside it. */
function beside(name: string, contracts: string, { type = ESM, more = "" } = {}): Layout {
  const files = {
    "package.json": type,
    [SOURCE]: choreography(contracts, more),
    "src/contracts.ts": CONTRACTS,
  };
  return { name, source: SOURCE, files };
}

export const LAYOUTS: readonly Layout[] = [
  beside("imports with .ts, as Node reads them", "./contracts.ts"),
  beside("imports with .js that mean .ts, as tsc wants them", "./contracts.js"),
  beside("imports without an extension, as bundlers take them", "./contracts"),
  beside("enums and parameter properties, which have to be compiled", "./contracts.ts", {
    more: `export enum Reason { SoldOut = "sold_out" }
export class Clerk { constructor(readonly name: string) {} }`,
  }),
  beside("decorators", "./contracts.ts", {
    more: `const known = (_target: unknown, _context?: unknown) => {};
@known
export class Clerk {}`,
  }),
  {
    name: "paths of tsconfig",
    source: SOURCE,
    files: {
      "package.json": ESM,
      "tsconfig.json": `{
  // Comments are allowed here.
  "compilerOptions": { "module": "nodenext", "paths": { "@shared/*": ["./lib/shared/*"] } },
}`,
      [SOURCE]: choreography("@shared/contracts"),
      "lib/shared/contracts.ts": CONTRACTS,
    },
  },
  beside("a package of CommonJS, with import statements", "./contracts", { type: "{}" }),
  {
    name: "CommonJS with import = and export =",
    source: SOURCE,
    files: {
      "package.json": `{ "type": "commonjs" }`,
      [SOURCE]: `import odori = require("odori");
import contracts = require("./contracts");
const order = odori.service("order").begins(contracts.orderPlaced);
export = odori.choreography("order", {
  services: [order],
  begins: [contracts.orderPlaced],
  succeeds: [contracts.orderPlaced],
});
`,
      "src/contracts.ts": CONTRACTS,
    },
  },
  {
    name: "CommonJS in JavaScript",
    source: "src/choreography.js",
    files: {
      "package.json": "{}",
      "src/choreography.js": `const { choreography, event, service } = require("odori");
const payload = { "~standard": { version: 1, vendor: "user", validate: (value) => ({ value }) } };
const orderPlaced = event("order.placed.v1", payload);
const order = service("order").begins(orderPlaced);
exports.order = choreography("order", {
  services: [order],
  begins: [orderPlaced],
  succeeds: [orderPlaced],
});
`,
    },
  },
];
