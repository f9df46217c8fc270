import { createHash } from 'node:crypto'
import { asHtml, html } from './html.js'

const style = `
  :root { color-scheme: light dark; --line: #d5d9de; --soft: #57606a; --accent: #0b57d0; --on-accent: #fff; --bad: #b3261e }
  @media (prefers-color-scheme: dark) { :root { --line: #3a4048; --soft: #a3adb8; --accent: #8ab4f8; --on-accent: #14161a; --bad: #ff9d94 } }
  :root { background: Canvas; color: CanvasText }
  body { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem; font: 1rem/1.5 system-ui, sans-serif }
  h1 { margin: 0; font-size: 1.75rem; overflow-wrap: anywhere }
  h2 { margin: 0; font-size: 1.1rem }
  a { color: var(--accent) }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
  .soft { margin: 0 0 1rem; color: var(--soft) }
  table { width: 100%; border-collapse: collapse }
  th, td { padding: .6rem .5rem; border-bottom: 1px solid var(--line); text-align: start; overflow-wrap: anywhere }
  .number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap }
  .sold-out { color: var(--soft) }
  .links a, .back { display: inline-block; padding: .25rem }
  .notice, .refusal { margin: 1rem 0; padding: .75rem 1rem; border: 2px solid var(--line); border-radius: .5rem }
  .notice { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem }
  .notice p, .refusal p { margin: 0 }
  .refusal { border-color: var(--bad) }
  .refusal ul { margin: .25rem 0 0; padding-inline-start: 1.25rem }
  .refusal table { margin-top: .5rem }
  form.fields { display: grid; gap: 1rem; margin: 1rem 0; max-width: 24rem }
  .field { display: grid; gap: .25rem }
  label { font-weight: 600 }
  .wrong { color: var(--bad) }
  input, select, button { box-sizing: border-box; min-height: 2.75rem; padding: .4rem .75rem; font: inherit; border-radius: .5rem }
  input, select { width: 100%; border: 1px solid var(--soft) }
  [aria-invalid] { border: 2px solid var(--bad) }
  button { justify-self: start; border: 2px solid var(--accent); background: none; color: var(--accent); font-weight: 600; cursor: pointer }
  button.first { background: var(--accent); color: var(--on-accent) }
  .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
  .pagination { display: flex; flex-wrap: wrap; justify-content: center; gap: .25rem; margin: 1.5rem 0 0; padding: 0; list-style: none }
  .pagination a, .pagination li > span { display: block; min-width: 2.75rem; padding: .6rem .5rem; box-sizing: border-box; border-radius: .5rem; text-align: center; text-decoration: none }
  .pagination a:hover { background: var(--line) }
  .pagination .active span { border: 2px solid var(--accent); padding: calc(.6rem - 2px) .5rem; font-weight: 700 }
  .pagination .disabled, .pagination .ellipsis { color: var(--soft) }
`

const headers = {
  'content-type': 'text/html; charset=utf-8',
  // Nothing runs, and nothing is loaded, but for the style that stands in the page.
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
}

/**
 * A page, and the status of its answer.
 *
 * @typedef {{ status: number, headers: Record<string, string>, body: string }} Answer
 * @param {number} status
 * @param {{ title: string, main: ReturnType<typeof html> }} page
 * @returns {Answer}
 */
export function pageAnswer(status, { title, main }) {
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Shop</title>
<link rel="icon" href="data:,">
<style>${asHtml(style)}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`
  return { status, headers, body: String(body) }
}

/**
 * Leads to another page when a form has done its work, so that loading that page again does nothing twice.
 *
 * @param {string} location
 * @returns {Answer}
 */
export function redirection(location) {
  return { status: 303, headers: { 'content-type': 'text/plain; charset=utf-8', location }, body: `See ${location}\n` }
}
