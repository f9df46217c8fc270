/**
 * Prints the columns side by side, a mark before each result.
 *
 * @param {readonly { name: string, rows: readonly { check: string, found: string, ok: boolean }[] }[]} columns
 */
export function printTable(columns) {
  const [first] = columns
  const lines = [
    ['', ...columns.map(({ name }) => `  ${name}`)],
    ...first.rows.map(({ check }, row) => [check, ...columns.map(({ rows }) => cell(rows[row]))]),
  ]
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const text = lines.map((line) =>
    line
      .map((each, column) => each.padEnd(widths[column]))
      .join('   ')
      .trimEnd(),
  )
  const [head, ...body] = text
  console.log(['', head, '─'.repeat(Math.max(...text.map(({ length }) => length))), ...body, ''].join('\n'))
}

function cell({ ok, found }) {
  return `${ok ? '✓' : '✗'} ${found}`
}
