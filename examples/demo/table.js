/**
 * Prints one line for each check: a mark for each column of `ours`, what they found, and what `other` found.
 *
 * @typedef {{ name: string, rows: readonly { check: string, found: string, ok: boolean }[] }} Column
 * @param {readonly Column[]} ours They are to find the same; where they do not, each finding is printed.
 * @param {Column} other
 */
export function printTable(ours, other) {
  const lines = [
    ['', ...ours.map(({ name }) => name), 'found', other.name],
    ...other.rows.map(({ check, found, ok }, row) => [
      check,
      ...ours.map(({ rows }) => mark(rows[row].ok)),
      [...new Set(ours.map(({ rows }) => rows[row].found))].join(' / '),
      `${mark(ok)} ${found}`,
    ]),
  ]
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const text = lines.map((line) =>
    line
      .map((each, column) => each.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  )
  const [head, ...body] = text
  console.log(['', head, '─'.repeat(Math.max(...text.map(({ length }) => length))), ...body, ''].join('\n'))
}

function mark(ok) {
  return ok ? '✓' : '✗'
}
