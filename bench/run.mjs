// npm run bench -- [name …] [--json] [--quick]
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measureBinding } from './binding.mjs'
import { measurePeers } from './peers.mjs'

/** Measurements by name; each gives ratios by row and column, and the intervals that hold them. */
const measurements = { binding: measureBinding, peers: measurePeers }

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((name) => !(name in measurements))
if (unknown.length > 0) {
  console.error(`There is no measurement ${unknown.join(', ')}. There are: ${Object.keys(measurements).join(', ')}`)
  process.exit(2)
}

const goals = JSON.parse(readFileSync(new URL('goals.json', import.meta.url), 'utf8'))
/** The goals of this version of Node: those of the newest one that is not newer. */
function goalsOf(name) {
  const byNode = Object.entries(goals[name] ?? {})
  const own = byNode.findLast(([major]) => Number(major) <= Number(process.versions.node.split('.')[0])) ?? byNode[0]
  return Object.entries(own?.[1] ?? {}).flatMap(([row, columns]) =>
    Object.entries(columns).map(([column, atMost]) => [row, column, atMost]),
  )
}

const results = {}
let missed = 0
for (const name of positionals.length > 0 ? positionals : Object.keys(measurements)) {
  const { rows, intervals } = await measurements[name]({ quick: flags.quick, tell: flags.json ? () => {} : (text) => console.log(text) })
  results[name] = { rows, intervals, missed: [] }
  for (const [row, column, atMost] of goalsOf(name)) {
    const ratio = rows[row]?.[column]
    // A goal is missed where the measurement excludes it: what others do on the machine is no miss.
    if (intervals[row]?.[column]?.[0] <= atMost) continue
    missed += 1
    results[name].missed.push({ row, column, atMost, ratio })
    if (!flags.json) console.log(`MISSED ${row}, ${column}: ${ratio?.toFixed(2) ?? 'not measured'} and not at most ${atMost}`)
  }
}
if (flags.json) console.log(JSON.stringify(results))
if (missed > 0) process.exitCode = 1
