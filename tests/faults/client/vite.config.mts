import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { resolveLikeSources } from "../../../pwa/build-tools/resolve-like-sources.ts";

const here = fileURLToPath(new URL("./", import.meta.url));
const mutants = JSON.parse(
  readFileSync(new URL("../mutants/client.json", import.meta.url), "utf8"),
) as Record<string, { file: string; find: string; replace: string }>;

/** Builds the data layer with one place changed: a promise broken on purpose, or the next version of the app. */
function mutate(name: string): Plugin {
  const mutant = mutants[name];
  if (!mutant) throw new Error(`no mutant ${name}`);
  return {
    name: "khupho:mutant",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith(mutant.file)) return null;
      if (!code.includes(mutant.find))
        throw new Error(`${name} does not fit ${mutant.file} any more`);
      return code.replace(mutant.find, mutant.replace);
    },
  };
}

const mutant = process.env["FAULTS_MUTANT"];

export default {
  root: here,
  base: "./",
  logLevel: "error" as const,
  plugins: [resolveLikeSources(here), ...(mutant ? [mutate(mutant)] : [])],
  build: {
    emptyOutDir: true,
    modulePreload: false,
    rollupOptions: {
      input: { index: `${here}index.html`, worker: `${here}worker.ts` },
      output: {
        entryFileNames: (chunk: { name: string }) =>
          chunk.name === "worker" ? "worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
};
