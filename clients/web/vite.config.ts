import { env } from "node:process";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the services: HEADRACE_URL of .headrace/demo.env. */
const service = env.HEADRACE_URL ?? "http://127.0.0.1:8080";

// The query service serves what is built here, under /app/ and with a strict Content-Security-Policy.
export default defineConfig({
  base: "/app/",
  build: {
    outDir: "../../queries/web/assets",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: { proxy: { "/api": service, "/v1": service, "/tracker.js": service } },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
});
