/**
 * Writes what was measured as tables of Markdown: for each database the CPU, what was sent, the memory, and the requests.
 *
 * @param {object} results What `npm run bench -- peers --json` prints.
 */
export function tables({ date, node, machine, load, peers: { table, leftOut, goals } }) {
  const rows = Object.entries(table).map(([row, cells]) => {
    const database = row.slice(0, row.indexOf(' '))
    return { row, database, work: row.slice(database.length + 1), cells }
  })
  const names = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))]
  const parts = [`${date.slice(0, 16).replace('T', ' ')} UTC, Node ${node}, ${machine}, load ${load.join(' to ')}.`]
  const add = (title, head, lines) => {
    const line = (cells) => `| ${cells.join(' | ')} |`
    parts.push([`**${title}**`, '', line(head), line(head.map((_, index) => (index ? '---:' : '---'))), ...lines.map(line)].join('\n'))
  }
  for (const database of new Set(rows.map((row) => row.database))) {
    const own = rows.filter((row) => row.database === database)
    const work = own.filter(({ cells }) => !cells.raw.rate)
    const goal = (row) => goals.find((each) => each.row === row && each.column === 'cpu ÷ raw')?.atMost ?? ''
    const others = names.slice(1)
    const each = (cells, content) => (name) => (cells[name] ? content(cells[name]) : '–')
    add(
      `${database}: CPU for each operation, as a ratio to raw [interval]`,
      ['work', 'raw', ...others, 'goal'],
      work.map(({ row, work: name, cells }) => [name, time(cells.raw.micros.median), ...others.map(each(cells, ratio)), goal(row)]),
    )
    add(
      `${database}: sent for one operation`,
      ['work', ...names],
      work.map(({ work: name, cells }) => [name, ...names.map(each(cells, ({ statements }) => statements))]),
    )
    add(
      `${database}: most memory, MB`,
      ['work', ...names],
      work.map(({ work: name, cells }) => [name, ...names.map(each(cells, ({ peakBytes }) => (peakBytes / 2 ** 20).toFixed(0)))]),
    )
    const loaded = work.find(({ cells }) => cells.raw.bytesOfRecord)
    if (loaded) {
      add(`${database}: heap that a loaded record keeps, bytes`, names, [
        names.map(each(loaded.cells, ({ bytesOfRecord }) => bytesOfRecord?.toFixed(0) ?? '–')),
      ])
    }
    const requests = own.filter(({ cells }) => cells.raw.rate)
    if (requests.length === 0) continue
    add(
      `${database}: requests`,
      ['', 'requests/s', 'of raw’s', 'CPU', 'CPU, ratio to raw', 'p50', 'p99'],
      requests.flatMap(({ work: title, cells }) =>
        Object.entries(cells).map(([name, cell]) => [
          `${title.replace('request on ', '')}, ${name}`,
          cell.rate.median.toFixed(0),
          `${((100 * cell.rate.median) / cells.raw.rate.median).toFixed(0)} %`,
          time(cell.micros.median),
          ratio(cell),
          `${cell.p50.median.toFixed(1)} ms`,
          `${cell.p99.median.toFixed(1)} ms`,
        ]),
      ),
    )
  }
  for (const [who, why] of Object.entries(leftOut)) parts.push(`Left out: ${who}: ${why.split('\n')[0]}`)
  const verdicts = goals.map(({ row, column, verdict, median, low, high, atMost, atLeast, held, why }) => [
    row,
    column,
    `${median.toFixed(2)} [${low.toFixed(2)} to ${high.toFixed(2)}]`,
    atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`,
    held === undefined ? verdict : `${verdict} (${held}, ${why})`,
  ])
  add('Goals', ['row', 'quantity', 'measured', 'goal', ''], verdicts)
  return `${parts.join('\n\n')}\n`
}

const time = (micros) => (micros < 1_000 ? `${micros.toPrecision(3)} µs` : `${(micros / 1_000).toPrecision(3)} ms`)
const ratio = ({ ratio: { median, low, high } }) => `${median.toFixed(2)} [${low.toFixed(2)} to ${high.toFixed(2)}]`
