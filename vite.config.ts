import { fileURLToPath } from 'node:url'
import { defaultClientConditions, defineConfig } from 'vite'

/** Builds the console's page (gateway/surfaces/console/web) into dist/console: own files only, nothing inline (see its CSP). */
export default defineConfig({
  root: fileURLToPath(new URL('./gateway/surfaces/console/web', import.meta.url)),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { conditions: ['homebeat-source', ...defaultClientConditions] },
  build: {
    outDir: fileURLToPath(new URL('./dist/console', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
})
