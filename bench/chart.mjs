const width = 860
const left = 210
const right = 24
const rowHeight = 20

const colours = {
  'active-alchemy': '#f2600c',
  kysely: '#3b8ed8',
  drizzle: '#35a352',
  typeorm: '#a65bd0',
  objection: '#19a3a3',
  sequelize: '#b8912a',
  lucid: '#e05592',
  'mikro-orm': '#8a929b',
}

/**
 * Draws what each contender costs, as a ratio to the database's own client: a line for each work, a dot for each contender.
 *
 * @param {object} results What `npm run bench -- peers --json` prints.
 * @returns {string} An SVG that follows the reader's light or dark scheme.
 */
export function chart({ date, node, machine, load, peers: { table, goals } }) {
  const rows = Object.entries(table).map(([row, cells]) => {
    const database = row.slice(0, row.indexOf(' '))
    return { row, database, work: row.slice(database.length + 1), cells }
  })
  const databases = [...new Set(rows.map(({ database }) => database))]
  const most = Math.max(2, ...rows.flatMap(({ cells }) => Object.values(cells).map(({ ratio }) => ratio.median)))
  const least = Math.min(0.5, ...rows.flatMap(({ cells }) => Object.values(cells).map(({ ratio }) => ratio.median)))
  const x = (ratio) => left + ((Math.log(ratio) - Math.log(least)) / (Math.log(most * 1.15) - Math.log(least))) * (width - left - right)
  const ticks = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].filter((tick) => tick >= least && tick <= most * 1.15)
  const names = Object.keys(colours).filter((name) => rows.some(({ cells }) => name in cells))

  const parts = []
  const text = (at, y, content, attributes = '') =>
    parts.push(`<text x="${at.toFixed(1)}" y="${y}" ${attributes}>${escape(content)}</text>`)
  text(16, 26, 'CPU of the client for each operation, as a ratio to the database’s own client (less is better)', 'class="title"')
  text(
    16,
    44,
    `${date.slice(0, 10)}, Node ${node}, ${machine}, load ${load.join(' to ')}. Medians of paired rounds; the bar is the goal.`,
    'class="note"',
  )
  let at = 16
  for (const name of names) {
    parts.push(mark(name, at + 5, 62))
    text(at + 15, 66, name)
    at += 30 + name.length * 7
  }
  let y = 86
  for (const database of databases) {
    const own = rows.filter((row) => row.database === database)
    text(16, y + 12, database, 'class="title"')
    const top = y + 20
    const bottom = top + own.length * rowHeight
    for (const tick of ticks) {
      parts.push(
        `<line x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="${top}" y2="${bottom}" class="${tick === 1 ? 'raw' : 'grid'}"/>`,
      )
      text(x(tick), bottom + 14, tick === 1 ? 'raw' : String(tick), 'text-anchor="middle" class="note"')
    }
    for (const [index, { row, work, cells }] of own.entries()) {
      const middle = top + index * rowHeight + rowHeight / 2
      text(left - 12, middle + 4, work, 'text-anchor="end"')
      const goal = goals.find((each) => each.row === row && each.column === 'cpu ÷ raw')?.atMost
      if (goal) parts.push(`<rect x="${(x(goal) - 1.5).toFixed(1)}" y="${middle - 8}" width="3" height="16" class="goal"/>`)
      // Ours last, on top of the others.
      for (const name of names.toReversed()) {
        if (!cells[name]) continue
        const { median } = cells[name].ratio
        parts.push(mark(name, x(median), middle, `${name}: ${median.toFixed(2)}`))
      }
    }
    y = bottom + 28
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="What each contender costs">
<style>
svg { font: 12px system-ui, sans-serif }
.ground { fill: #ffffff } text { fill: #24292f } .title { font-weight: 600; font-size: 13px } .note { fill: #656d76; font-size: 11px }
.grid { stroke: #d8dee4 } .raw { stroke: #656d76 } .goal { fill: #f2600c; opacity: 0.45 }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #8b949e } .grid { stroke: #30363d } .raw { stroke: #8b949e }
}
</style>
<rect width="${width}" height="${y}" class="ground"/>
${parts.join('\n')}
</svg>
`
}

/** Ours is a diamond, so that it is found without colours too. */
function mark(name, x, y, title = name) {
  const [cx, colour] = [x.toFixed(1), colours[name]]
  const shape =
    name === 'active-alchemy'
      ? `<path d="M${cx} ${y - 7}l7 7l-7 7l-7 -7z" fill="${colour}">`
      : `<circle cx="${cx}" cy="${y}" r="4.5" fill="${colour}" fill-opacity="0.85">`
  return `${shape}<title>${escape(title)}</title></${shape.startsWith('<path') ? 'path' : 'circle'}>`
}

const escape = (content) => content.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
