// npm run bench -- [name …] [database …] [--row text …] [--beside contender …] [--json] [--quick] [--write path]
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { measureBinding } from './binding.mjs'
import { chart } from './chart.mjs'
import { measurePeers } from './peers.mjs'
import { databases } from './peers/places.mjs'
import { tables } from './tables.mjs'

/** Measurements by name; each gives quantities by row and column, with the intervals that hold them. */
const measurements = { binding: measureBinding, peers: measurePeers }

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    row: { type: 'string', multiple: true },
    beside: { type: 'string', multiple: true },
    write: { type: 'string' },
  },
})
const unknown = positionals.filter((name) => !(name in measurements || databases.includes(name)))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}. There are: ${[...Object.keys(measurements), ...databases].join(', ')}`)
  process.exit(2)
}
const names = positionals.filter((name) => name in measurements)
const chosen = positionals.filter((name) => databases.includes(name))

const goals = JSON.parse(readFileSync(new URL('goals.json', import.meta.url), 'utf8'))
/** The goals of this version of Node: those of every version that is not newer, the newest last. */
function goalsOf(name) {
  const major = Number(process.versions.node.split('.')[0])
  const found = Object.entries(goals[name] ?? {}).filter(([since]) => Number(since) <= major)
  const merged = {}
  for (const [, rows] of found) for (const [row, columns] of Object.entries(rows)) merged[row] = { ...merged[row], ...columns }
  return Object.entries(merged).flatMap(([row, columns]) => Object.entries(columns).map(([column, goal]) => ({ row, column, ...goal })))
}

/** In five minutes no contender gets as warm as a server at work: what a quick run exceeds by less is cold, and tells nothing. */
const coldness = { peers: flags.quick ? 3 : 1, binding: 1 }

/**
 * A goal is missed where the measurement excludes it: what others do on the machine is no miss. Where only the median lies beyond it, the
 * measurement cannot tell. One that is out of reach says why, and how far from it we are held: to fall behind that is a miss.
 *
 * @param slack How many times beyond it a miss is.
 */
function judged(goal, { median, low, high }, slack) {
  const isExcluded = (bound, times = 1) => (goal.atLeast === undefined ? low > bound * times : high < bound / times)
  const bound = boundOf(goal)
  const { held = bound } = goal
  if (isExcluded(held, slack)) return 'missed'
  if (isExcluded(held)) return 'cold'
  if (isExcluded(bound)) return 'held'
  return (goal.atLeast === undefined ? median > bound : median < bound) ? 'unclear' : 'met'
}

const boundOf = ({ atMost, atLeast }) => atLeast ?? atMost

/** The goals of a measurement with their verdicts. Rows that were not asked for have none; nor has one whose contender is left out. */
function judgedGoals(name, rows) {
  return goalsOf(name).flatMap((goal) => {
    const quantity = rows[goal.row]?.[goal.column]
    return quantity ? [{ ...goal, verdict: judged(goal, quantity, coldness[name]), ...quantity }] : []
  })
}

const missedOf = (judgements) => judgements.filter(({ verdict }) => verdict === 'missed')

/** Measures rows of `peers` once more, and puts them in their place: of eighty intervals that hold the truth in 95 of 100 cases, some do not. */
async function measureAgain(result, rows, options) {
  for (const database of databases) {
    const works = rows.filter((row) => row.startsWith(`${database} `)).map((row) => row.slice(database.length + 1))
    if (works.length === 0) continue
    options.tell(`\nMissed, and measured once more, ${database}: ${works.join('; ')}`)
    const again = await measurePeers({ ...options, databases: [database], rows: works })
    for (const row of works.map((work) => `${database} ${work}`)) {
      result.rows[row] = again.rows[row]
      result.table[row] = again.table[row]
    }
  }
}

const load = () => loadavg()[0].toFixed(1)
const machine = `${availableParallelism()} cores of ${cpus()[0].model.trim()}`
const results = { date: new Date().toISOString(), node: process.version, machine, load: [load()] }
let missed = 0
for (const name of names.length > 0 ? names : Object.keys(measurements)) {
  const tell = flags.json ? () => {} : (text) => console.log(text)
  const options = {
    quick: flags.quick,
    tell,
    ...(chosen.length > 0 && { databases: chosen }),
    ...(flags.row && { rows: flags.row }),
    ...(flags.beside && { beside: flags.beside }),
  }
  const result = await measurements[name](options)
  const suspects = new Set(missedOf(judgedGoals(name, result.rows)).map(({ row }) => row))
  if (name === 'peers' && !flags.quick) await measureAgain(result, [...suspects], options)
  const judgements = judgedGoals(name, result.rows)
  missed += missedOf(judgements).length
  results[name] = { ...result, goals: judgements }
  const reasons = new Set()
  for (const { row, column, verdict, median, low, high, held, why, ...goal } of judgements) {
    if (verdict === 'met') continue
    const side = goal.atLeast === undefined ? 'at most' : 'at least'
    const measured = `${median.toFixed(2)} [${low.toFixed(2)} to ${high.toFixed(2)}]`
    const heldAt = held === undefined ? '' : `; held ${side} ${held}: ${why}`
    tell(`${verdict.toUpperCase()} ${row}, ${column}: ${measured}, goal ${side} ${boundOf(goal)}${heldAt}`)
    if (why) reasons.add(why)
  }
  for (const reason of reasons) tell(`${reason}: ${goals.why[reason]}`)
  const count = (verdict) => judgements.filter((each) => each.verdict === verdict).length
  const counts = ['unclear', 'held', ...(coldness[name] > 1 ? ['cold'] : []), 'missed'].map((verdict) => `${count(verdict)} ${verdict}`)
  tell(`${name}: ${count('met')} goals met, ${counts.join(', ')}`)
}
results.load.push(load())
if (flags.write && results.peers) {
  writeFileSync(`${flags.write}.svg`, chart(results))
  writeFileSync(`${flags.write}.md`, tables(results))
}
if (flags.json) console.log(JSON.stringify(results))
if (missed > 0) process.exitCode = 1
