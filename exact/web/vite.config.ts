/// <reference types="vitest/config" />
import { defineConfig } from "vite";

// Two doors: the viewer, and all other pages. Django reads dist/manifest.json to find their hashed names.
// Nothing may be inlined: the pages are served with `script-src 'self'; style-src 'self'`.
export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: { viewer: "src/viewer.ts", pages: "src/pages.ts" },
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "happy-dom",
    testTimeout: 20_000,
  },
});
