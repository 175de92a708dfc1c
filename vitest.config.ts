import { defineConfig } from "vitest/config";

const common = {
  resolve: { conditions: ["odori-source", "node"] },
  ssr: { resolve: { conditions: ["odori-source", "node"] } },
};
/** Only what hangs runs into these limits, also on a machine that is busy with other work. */
const LIMITS = { testTimeout: 120_000, hookTimeout: 120_000 };
const ALONE = ["test/**/*.test.ts", "examples/**/*.test.ts"];
const ON_SERVERS = ["test/**/*.server.test.ts", "examples/**/*.server.test.ts"];

export default defineConfig({
  test: {
    pool: "forks",
    // Most of the time goes to processes that the tests start: every core may have a file of its own.
    maxWorkers: "100%",
    projects: [
      {
        ...common,
        test: {
          name: "alone",
          include: ALONE,
          exclude: [...ON_SERVERS, "**/node_modules/**"],
          setupFiles: "test/support/one-seed.ts",
          ...LIMITS,
        },
      },
      // The servers start when the first of these files runs.
      {
        ...common,
        test: {
          name: "servers",
          include: ON_SERVERS,
          globalSetup: "test/servers/setup.ts",
          setupFiles: "test/support/one-seed.ts",
          ...LIMITS,
        },
      },
    ],
  },
});
