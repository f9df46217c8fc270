// Checks everything that needs no database: lock, types, lint, format, layers, dead code.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const node = process.execPath
const bin = (name) => join('node_modules', '.bin', name)

const checks = [
  // A lock that lacks one platform's package fails on that platform only; this sees it everywhere.
  ['the lock is complete', 'npm', 'ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund'],
  ['types, TypeScript 7', node, 'node_modules/typescript7/bin/tsc', '-b'],
  ['types of the tests', node, 'node_modules/typescript7/bin/tsc', '-p', 'test/tsconfig.json'],
  ['types of what is created', node, 'node_modules/typescript7/bin/tsc', '-p', 'packages/create-active-alchemy/template'],
  ['lint', bin('oxlint'), '--type-aware', '--deny-warnings'],
  ['format', bin('biome'), 'format', '.'],
  ['layers', bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'packages'],
  ['pages that come from the source', node, 'scripts/docs.mjs', '--check'],
  ['links of the documents', node, 'scripts/links.mjs'],
  ['public names are told about', node, 'scripts/public-names.mjs'],
  ['dead code', bin('knip'), '--no-progress'],
]

let failed = 0

function check(name, command, ...parameters) {
  const started = Date.now()
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const passed = status === 0
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (passed) return
  failed += 1
  console.log([error?.message, stdout, stderr].filter(Boolean).join('\n'))
}

for (const each of checks) check(...each)

// Both compilers that we support must write the same code and types.
const folder = mkdtempSync(join(tmpdir(), 'alchemy-check-'))
try {
  check('types, TypeScript 6', node, 'node_modules/typescript/bin/tsc', '-p', 'packages/core', '--composite', 'false', '--noEmit')
  for (const [version, compiler] of [
    ['6', 'typescript'],
    ['7', 'typescript7'],
  ]) {
    check(
      `core written by TypeScript ${version}`,
      node,
      `node_modules/${compiler}/bin/tsc`,
      '-p',
      'packages/core',
      '--outDir',
      join(folder, version),
      '--tsBuildInfoFile',
      join(folder, `${version}.tsbuildinfo`),
      '--sourceMap',
      'false',
      '--declarationMap',
      'false',
    )
  }
  // They quote the literals that they infer differently.
  for (const version of ['6', '7']) {
    for (const file of readdirSync(join(folder, version), { recursive: true })) {
      if (!file.endsWith('.d.ts')) continue
      const path = join(folder, version, file)
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll("'", '"'))
    }
  }
  check('both wrote the same', 'diff', '-r', join(folder, '6'), join(folder, '7'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

process.exitCode = failed === 0 ? 0 : 1
