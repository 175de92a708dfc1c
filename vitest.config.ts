import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["odori-source", "node"] },
  ssr: { resolve: { conditions: ["odori-source", "node"] } },
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    testTimeout: 30_000,
    pool: "forks",
    // Most of the time goes to processes that the tests start: every core may have a file of its own.
    maxWorkers: "100%",
  },
});
