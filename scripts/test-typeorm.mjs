// What of TypeORM is relied on, and the model suite, with the lowest and the newest TypeORM that the packages allow.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyRepository, passes, replace } from './copy.mjs'
import { root, run, step } from './packed.mjs'

const { peerDependencies } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8'))
const range = peerDependencies.typeorm
const versions = [JSON.parse(run('npm', ['view', `typeorm@${range}`, 'version', '--json']))].flat()
const suites = ['test/typeorm-contract.test.ts', 'test/model.test.ts', 'packages/core']

let failed = 0
for (const version of new Set([versions[0], versions.at(-1)])) {
  const copy = await step('a copy of the repository', copyRepository)
  try {
    await step(`typeorm ${version}`, () => replace(copy, 'node_modules/typeorm', 'typeorm', version))
    const passed = passes(copy, suites)
    console.log(`${passed ? 'ok    ' : 'FAILED'} the suites with TypeORM ${version}`)
    if (!passed) failed += 1
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
process.exitCode = failed === 0 ? 0 : 1
