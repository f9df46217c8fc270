import type { LiesByState } from './compare.js'
import { type LieName, lieNames } from './storm.js'

const columns = { before: 'before', after: 'the one line', mails: 'and the mails' } as const

/** Prints how often the bank has lied in each of its states. */
export function lieTable(found: LiesByState): string {
  const names = Object.keys(lieNames) as LieName[]
  const states = Object.keys(columns) as (keyof typeof columns)[]
  const lines = [
    ['', ...states.map((state) => columns[state])],
    ...names.map((name) => [lieNames[name], ...states.map((state) => String(found[state][name]))]),
  ]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  const texts = lines.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  )
  const [head = '', ...body] = texts
  return ['', head, '─'.repeat(head.length), ...body, ''].join('\n')
}
