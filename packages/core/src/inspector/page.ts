import type { PoolStatus } from '../drivers/driver.js'
import type { Activity, SeenScope, SeenShape, SeenStatement } from './activity.js'

/** What is shown. */
export interface Sight {
  readonly name: string
  /** Kind and version of the database. */
  readonly kind: string
  readonly pool: PoolStatus
  readonly activity: Activity
  /** The scope that asks. */
  readonly own: number | undefined
}

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --bad: #ff9d94 } }
html { background: Canvas; color: CanvasText } body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem }
caption { text-align: left } h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.wide { overflow-x: auto } table { border-collapse: collapse; min-width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
summary { cursor: pointer } summary:focus-visible, a:focus-visible { outline: 2px solid; outline-offset: 2px }
td.p { white-space: nowrap } details td:last-child { min-width: 14rem }
details > .wide { background: var(--soft); margin: .3rem 0; padding: .3rem }
.bad { color: var(--bad); font-weight: 600 } dl { display: grid; gap: .2rem 1rem; grid-template-columns: max-content 1fr } dd { margin: 0 }
`

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** HTML that was made here. */
class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Writes HTML: what stands in it is text, and only `Html`, or a list of it, is taken as it is. */
function html(parts: TemplateStringsArray, ...values: readonly (Html | readonly Html[] | string | number)[]): Html {
  const write = (value: Html | readonly Html[] | string | number): string => {
    if (value instanceof Html) return value.text
    if (typeof value === 'object') return value.map(write).join('')
    return String(value).replace(/[&<>"']/g, (character) => entities[character] ?? '')
  }
  return new Html(parts.reduce((text, part, index) => text + write(values[index - 1] ?? '') + part))
}

/** The page, which needs no script. */
export function page({ name, kind, pool, activity, own }: Sight): string {
  const { ended, shapes, reports, waits } = activity
  const open = activity.open(own)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}: sessions and statements</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<h1>${name} (${kind})</h1>
<p>As of ${time(new Date())} UTC. <a href="">Look again</a></p>

<h2>Connections</h2>
<dl>
<dt>In use</dt><dd>${pool.leased} of ${pool.size}</dd>
<dt>Waiting</dt><dd>${pool.waiting}</dd>
<dt>Waits</dt><dd>${waits.count}, ${milliseconds(waits.total)} in all, ${milliseconds(waits.longest)} the longest</dd>
</dl>

<h2>Open now</h2>
${open.length === 0 ? html`<p>No request, no job.</p>` : openTable(open)}

<h2>Last requests</h2>
${ended.length === 0 ? html`<p>None has sent a statement yet.</p>` : endedTable(ended)}

<h2>Statements by the time that they took</h2>
${shapes.length === 0 ? html`<p>None yet.</p>` : shapeTable(shapes.slice(0, 50))}

<h2>Reports</h2>
${
  reports.length === 0
    ? html`<p>None.</p>`
    : table(
        'What answers could not tell: undone writes, timeouts, loops of statements',
        ['Time', 'Kind', 'Where', 'What'],
        reports.map(
          ({ at, event }) =>
            html`<tr><td>${time(at)}</td><td>${event.kind}</td><td>${event.route ?? event.label}</td><td>${event.message}</td></tr>`,
        ),
      )
}
</main>
</body>
</html>
`.text
}

function openTable(scopes: readonly SeenScope[]): Html {
  return table(
    'Requests, jobs and verbs that have not ended, the oldest first',
    ['Since', 'What', '#ms', '#Statements', 'Open transaction'],
    scopes.map((scope) => {
      const open = Array.from(scope.transactions, ([trace, began]) => `${trace.database}, ${milliseconds(performance.now() - began)}`)
      return html`<tr><td>${time(scope.startedAt)}</td><td>${scope.label}</td>${number(scope.milliseconds)}${number(scope.count)}<td>${open.join('; ') || 'none'}</td></tr>`
    }),
  )
}

function endedTable(scopes: readonly SeenScope[]): Html {
  return table(
    'The last first',
    ['Time', 'What', 'How it ended', '#ms', '#Rows written', 'Statements'],
    scopes.map((scope) => {
      const isLost = scope.outcome !== 'committed' && scope.written > 0
      const outcome = isLost ? html`<span class="bad">${scope.outcome ?? ''}, ${scope.written} undone</span>` : html`${scope.outcome ?? ''}`
      return html`<tr><td>${time(scope.startedAt)}</td><td>${scope.label}</td><td>${outcome}</td>${number(scope.milliseconds)}${number(scope.written)}<td>${statements(scope)}</td></tr>`
    }),
  )
}

function statements({ statements: sent, count, repeated, label, id }: SeenScope): Html {
  const hint = repeated
    ? html`<p class="bad">One text ${repeated.times} times: load what belongs to many records by with(…), many by their keys by getMany(ids).</p>`
    : html``
  const rows = sent.map(
    (each) =>
      html`<tr>${number(each.milliseconds)}${number(each.rows ?? 0)}<td class="p"><code>${each.place}</code></td><td>${text(each)}</td></tr>`,
  )
  const left = count > sent.length ? html`<p>And ${count - sent.length} more.</p>` : html``
  return html`<details><summary>${count}${repeated ? html` <span class="bad">(one ${repeated.times} times)</span>` : html``}</summary>${hint}${table(`Statements of ${label}, number ${id}`, ['#ms', '#Rows', 'Where it was called', 'Text'], rows)}${left}</details>`
}

function text({ text: sql, failure }: SeenStatement): Html {
  return html`<code>${sql}</code>${failure === undefined ? html`` : html` <span class="bad">${failure}</span>`}`
}

function shapeTable(shapes: readonly SeenShape[]): Html {
  return table(
    'Each text with the number of times that it was sent, and milliseconds',
    ['#Times', '#ms in all', '#ms each', '#ms at most', 'Called last at', 'Text'],
    shapes.map(
      ({ count, total, slowest, place, text: sql }) =>
        html`<tr>${number(count)}${number(total)}${number(total / count)}${number(slowest)}<td class="p"><code>${place}</code></td><td><code>${sql}</code></td></tr>`,
    ),
  )
}

/** @param heads Of the columns; `#` stands before those of numbers. */
function table(caption: string, heads: readonly string[], rows: readonly Html[]): Html {
  const head = heads.map((each) =>
    each.startsWith('#') ? html`<th scope="col" class="n">${each.slice(1)}</th>` : html`<th scope="col">${each}</th>`,
  )
  // A region that scrolls is reached by keys.
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`
}

function number(value: number): Html {
  return html`<td class="n">${Number.isInteger(value) ? value : value.toFixed(1)}</td>`
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}

function time(date: Date): string {
  return date.toISOString().slice(11, 23)
}
