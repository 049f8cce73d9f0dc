import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const api = process.env.AUTOGRAPH_API ?? "http://127.0.0.1:8085";

/** Scripts after styles: what is painted first needs no script. */
function stylesFirst(): Plugin {
  return {
    name: "styles-first",
    transformIndexHtml: {
      order: "post",
      handler: (html) =>
        html.replace(/<(script type="module"|link rel="modulepreload")/g, '$& fetchpriority="low"'),
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwind(), stylesFirst()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    // Beside the code that serves it, so that the wheel has it too.
    outDir: "../src/autograph/api/page/built",
    emptyOutDir: true,
    target: "es2023",
    // The policy of our pages knows no data: fonts and scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What every page needs is one file, and so are all icons: a request costs a phone more than they weigh.
            {
              name: "base",
              test: /node_modules\/(react|react-dom|scheduler|zustand|use-sync-external-store|@tanstack)\//,
            },
            { name: "icons", test: /node_modules\/lucide-react\// },
            {
              name: "shared",
              test: /src\/shared\/(api|i18n\/(en|editing-en)|settings|search|ui\/(button|field|state|dialog|menu|toast|text))/,
            },
          ],
        },
      },
    },
    // What draws PDFs is larger than what is warned of, and is loaded where there is one to draw.
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: {
      "/api": api,
      "/ws": { target: api, ws: true },
    },
  },
  test: { include: ["src/**/*.test.ts"] },
});
