import { defineConfig } from "vitest/config";

// Two settings of a plain JSX transform stand in for a plugin; the build lands where the wheel takes it from.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  base: "/",
  build: {
    outDir: "../query_api/web/built",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "rows", test: /virtual-core/ }] } } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000", "/auth": "http://127.0.0.1:8000" } },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  test: { include: ["src/**/*.test.ts"] },
});
