/** Builds dist/ and the tracker that the front door serves. */

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')
const served = join(here, '../../ingest_api/assets/tracker.js')
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

rmSync(dist, { recursive: true, force: true })
for (const config of ['tsconfig.json', 'tsconfig.build.json']) {
  execFileSync(process.execPath, [tsc, '-p', join(here, config)], { stdio: 'inherit' })
}
cpSync(join(dist, 'esm'), join(dist, 'cjs'), { recursive: true })
writeFileSync(join(dist, 'cjs/package.json'), '{"type":"commonjs"}\n')

const node = { entryPoints: [join(here, 'src/node/index.ts')], bundle: true, platform: 'node', target: 'node18' }
await build({ ...node, format: 'esm', outfile: join(dist, 'esm/index.js') })
await build({ ...node, format: 'cjs', outfile: join(dist, 'cjs/index.js') })
await build({
  entryPoints: [join(here, 'src/browser/script.ts')],
  bundle: true,
  minify: true,
  mangleProps: /^_/,
  format: 'iife',
  target: 'es2020',
  legalComments: 'none',
  outfile: join(dist, 'tracker.js'),
})
mkdirSync(dirname(served), { recursive: true })
cpSync(join(dist, 'tracker.js'), served)
const script = readFileSync(served)
console.log(`tracker.js: ${script.length} bytes, ${gzipSync(script, { level: 9 }).length} gzipped`)
