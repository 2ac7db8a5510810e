// Builds the dashboard into dist/web, which the service serves. First load is what index.html names before
// anything is asked for: more than LIMIT of it, compressed, fails the build.

import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Bytes, compressed. */
const LIMIT = 150_000;

function firstLoad(): Plugin {
  return {
    name: 'first-load',
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle);
      const entry = chunks.find((chunk) => chunk.type === 'chunk' && chunk.isEntry);
      if (entry?.type !== 'chunk') throw new Error('the build has no entry');
      const reached = new Set([entry.fileName]);
      for (const name of reached) {
        const chunk = bundle[name];
        if (chunk?.type === 'chunk') for (const imported of chunk.imports) reached.add(imported);
      }
      const loaded = chunks.filter(({ fileName }) => reached.has(fileName) || fileName.endsWith('.css'));
      const bytes = loaded.reduce(
        (sum, chunk) => sum + gzipSync(chunk.type === 'chunk' ? chunk.code : chunk.source).byteLength,
        0,
      );
      if (bytes > LIMIT) this.error(`first load is ${bytes} bytes compressed; ${LIMIT} are allowed`);
      this.info(`first load: ${bytes} bytes compressed, of ${LIMIT}`);
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [firstLoad()],
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true } } },
});
