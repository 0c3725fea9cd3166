import { defineConfig } from "vite";

export default defineConfig({
  worker: { format: "es" },
  build: {
    target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "channel.html"] },
  },
});
