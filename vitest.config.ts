import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["odori-source", "node"] },
  ssr: { resolve: { conditions: ["odori-source", "node"] } },
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    testTimeout: 30_000,
    pool: "forks",
  },
});
