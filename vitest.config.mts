import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Simulated machines do not see each other; on FreeBSD every file's tests are on the same one.
    maxWorkers: process.platform === "freebsd" ? 1 : availableParallelism(),
    testTimeout: 180_000,
  },
});
