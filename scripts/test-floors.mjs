// The lowest versions that the packages say they work with: the model suite on every database, requests on every framework.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyRepository, passes, replace } from './copy.mjs'
import { packages, root, run, step } from './packed.mjs'

/** Where a peer lies whose major version is not the newest. */
const places = { 'express@4': 'node_modules/express4' }
/** What goes with another, at the lowest version of that major. */
const followers = { '@nestjs/core': ['platform-express', 'platform-fastify'].map((name) => `@nestjs/${name}`) }
const lowest = (name, range) => [JSON.parse(run('npm', ['view', `${name}@${range}`, 'version', '--json']))].flat()[0]

const floors = new Map()
for (const name of packages) {
  const { peerDependencies = {} } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  for (const [peer, range] of Object.entries(peerDependencies)) {
    for (const each of range.split('||')) {
      const version = /^\s*\^(\d+\.\d+\.\d+)\s*$/.exec(each)?.[1]
      if (!version) throw new Error(`${peer} ${range}: no floor can be read in it`)
      const [major] = version.split('.')
      const nest11 = peer.startsWith('@nestjs/') && major === '11'
      const folder = nest11 ? 'compat/nest11/node_modules' : 'node_modules'
      floors.set(places[`${peer}@${major}`] ?? `${folder}/${peer}`, [peer, version])
      for (const one of followers[peer] ?? []) floors.set(`${folder}/${one}`, [one, lowest(one, each.trim())])
    }
  }
}

let copy
let failed = 0
try {
  copy = await step('a copy of the repository', copyRepository)
  for (const [at, [name, version]] of floors) {
    await step(`${name} ${version}`, () => replace(copy, at, name, version, { scripts: name === 'better-sqlite3' }))
  }
  const suites = [
    { title: 'models on every database', files: ['test/model.test.ts'] },
    { title: 'MariaDB', files: ['test/mysql', 'test/data-types.test.ts'] },
    { title: 'requests on SQLite', files: ['test/request'], env: { DATABASES: 'sqlite' } },
    { title: 'requests on PostgreSQL', files: ['test/request/express.test.ts'], env: { DATABASES: 'postgres', FRAMEWORKS: 'express 5' } },
  ]
  for (const { title, files, env } of suites) {
    if (passes(copy, files, { env })) console.log(`ok     ${title}`)
    else {
      failed += 1
      console.log(`FAILED ${title}`)
    }
  }
} finally {
  if (copy) rmSync(copy, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
