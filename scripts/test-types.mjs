// What must compile and what must not, on both compilers that are supported; it reads the types that are published.
import { spawnSync } from 'node:child_process'

let failed = 0
const run = (what, ...parameters) => {
  const { status } = spawnSync(process.execPath, parameters, { stdio: 'inherit' })
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${what}`)
  if (status !== 0) failed += 1
}

run('build', 'node_modules/typescript7/bin/tsc', '-b')
for (const [version, compiler] of [
  ['7', 'typescript7'],
  ['6', 'typescript'],
]) {
  run(`types on TypeScript ${version}`, `node_modules/${compiler}/bin/tsc`, '-p', 'test/types')
}
run('declarations of an application', 'scripts/test-declarations.mjs')
process.exitCode = failed === 0 ? 0 : 1
