// npm run bench -- [name …] [--json] [--quick]
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measureBinding } from './binding.mjs'

/** Measurements by name; each gives ratios by row and column. */
const measurements = { binding: measureBinding }

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
const results = {}
let missed = 0
for (const name of positionals.length > 0 ? positionals : Object.keys(measurements)) {
  const rows = await measurements[name]({ quick: flags.quick, tell: flags.json ? () => {} : (text) => console.log(text) })
  results[name] = { rows, missed: [] }
  for (const [row, { column, atMost }] of Object.entries(goals[name] ?? {})) {
    const ratio = rows[row]?.[column]
    if (ratio !== undefined && ratio <= atMost) continue
    missed += 1
    results[name].missed.push({ row, column, atMost, ratio })
    if (!flags.json) console.log(`MISSED ${row}, ${column}: ${ratio?.toFixed(2) ?? 'not measured'} and not at most ${atMost}`)
  }
}
if (flags.json) console.log(JSON.stringify(results))
if (missed > 0) process.exitCode = 1
