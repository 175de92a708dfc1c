/** Pages whose code is run by a test of their own, and the test. */
export const COMPARED: Readonly<Record<string, string>> = {
  "README.md": "test/docs/readme.test.ts",
  "docs/start.md": "test/docs/start.test.ts",
  "docs/index.md": "test/docs/pages.test.ts",
  "docs/how-to/ci.md": "test/docs/ci.test.ts",
  "docs/how-to/dev.md": "test/docs/dev.test.ts",
  "docs/how-to/commonjs.md": "test/package/commonjs.test.ts",
  "docs/how-to/frameworks.md": "test/frameworks/frameworks.test.ts",
  "docs/how-to/http.md": "test/docs/http.test.ts",
  "docs/how-to/orms.md": "test/docs/orms.ts",
  "docs/how-to/prove.md": "test/docs/prove.test.ts",
  "docs/how-to/secure-connections.md": "test/servers/secured-page.ts",
  "docs/how-to/services-of-others.md": "test/docs/services-of-others.test.ts",
  "docs/how-to/simulate.md": "test/docs/simulate.test.ts",
  "docs/how-to/stuck-saga.md": "test/docs/stuck-saga.test.ts",
  "docs/how-to/telemetry.md": "test/docs/telemetry.test.ts",
  "docs/how-to/testing.md": "test/docs/testing.test.ts",
  "docs/reference/commands.md": "test/docs/findings.test.ts",
  "docs/reference/lint.md": "test/docs/lint.test.ts",
  "docs/reference/manifest.md": "test/docs/findings.test.ts",
};

const IN_PLACE = `
import { choreography, codeOf, event, type Service, service, start, type Tx } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { z } from "zod";
const payload = z.object({ orderId: z.string() });
const orderPlaced = event("order.placed.v1", payload);
const soldOut = event("stock.sold_out.v1", payload);
const paymentCharged = event("payment.charged.v1", payload);
const order = service<Tx>("order").begins(orderPlaced);
const payment = service<Tx>("payment").on(orderPlaced, { handle: () => {} });
`;

/** A page with parts of programs, which compile behind these declarations. */
export interface Fragments {
  /** What stands before each part. */
  readonly before: string;
  /** Modules that stand beside the parts, by name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Why its outputs are not compared. */
  readonly outputs: string;
}

/** Pages with parts of programs and outputs of a system that is in use. */
export const FRAGMENTS: Readonly<Record<string, Fragments>> = {
  "docs/how-to/deploy.md": {
    before: `${IN_PLACE}
const charge = ({ data }: { data: { orderId: string } }) => paymentCharged(data);
const refund = () => {};
const schema2 = z.object({ orderId: z.string(), currency: z.string() });
const v1 = event("payment.authorized.v1", payload);
`,
    outputs: "test/cli/deployments.test.ts compares what the commands say of such changes",
  },
  "docs/how-to/operate.md": {
    before: `${IN_PLACE}
const shop = choreography("shop", { services: [order, payment], begins: [orderPlaced],
  succeeds: [], fails: [] });
const store = sqlite("order.db");
const bus = memoryBus([order, payment]);
`,
    outputs: "they are of thousands of sagas; stuck-saga.md shows the same tables, compared",
  },
  "docs/how-to/console.md": {
    before: "",
    modules: {
      "choreography.ts": `${IN_PLACE}
export default choreography("shop", { services: [order, payment], begins: [orderPlaced],
  succeeds: [], fails: [] });
`,
    },
    outputs: "it has none; test/frameworks/console.test.ts mounts it in each framework",
  },
  "docs/infrastructure.md": { before: IN_PLACE, outputs: "it has none" },
  "docs/how-to/kubernetes.md": {
    before: "",
    outputs: "commands of a cluster; test/oracles/kubernetes.test.ts checks the manifest",
  },
  "docs/how-to/sources.md": { before: "", outputs: "a list of files" },
};
