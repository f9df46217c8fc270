/** A level of a pattern: what its labels are, and how many there may be one after the other. */
interface Level {
  /** A regular expression of one label with the point after it. */
  readonly label: string
  readonly least: number
  readonly most: number
}

/** The largest number that a pattern may say. */
const mostLabels = 65_535

/** More labels than any path has. */
const beyond = 400

/** Levels of any number that one pattern may have: each multiplies the ways to read a path. */
const mostOpen = 4

const longest = 2_000

const levelForm = /^(?:\*|(!?)([A-Za-z0-9_*@|]+))(?:\{(\d{0,5})(?:(,)(\d{0,5}))?\})?$/
const labelForm = /^([A-Za-z0-9_]{1,255})(\*@|@\*|[*@]|)$/

/** The end of a label. */
const end = '(?:\\.|$)'
const nothing = '(?!)'
const anyLabel = `[^.]+${end}`

/**
 * A pattern of paths, an `lquery` of PostgreSQL's, as a regular expression that JavaScript and the family of MySQL read alike.
 *
 * @throws {TypeError} It is none, or it has what only PostgreSQL knows.
 */
export function pathExpression(pattern: unknown): string {
  if (typeof pattern !== 'string' || pattern.length === 0 || pattern.length > longest) {
    throw new TypeError(`takes a pattern of 1 to ${longest} characters, like Top.*.Astro*`)
  }
  if (pattern.includes('%')) throw new TypeError('takes no % in a pattern: it is of PostgreSQL alone')
  const levels = pattern.split('.').map(levelOf)
  if (levels.filter(({ least, most }) => least !== most).length > mostOpen) {
    throw new TypeError(`takes a pattern with at most ${mostOpen} levels of any number`)
  }
  // Databases read no expression of any size.
  if (levels.reduce((sum, { least }) => sum + least, 0) > beyond) return nothing
  return `^${levels.map(({ label, least, most }) => `(?:${label}){${least},${most < beyond ? most : ''}}`).join('')}$`
}

function levelOf(text: string): Level {
  const [whole, not = '', labels, least, comma, most] = levelForm.exec(text) ?? []
  // Braces without a number say nothing.
  if (whole === undefined || (least === '' && !most)) refusePart(text)
  const [from, to] = bounds(labels === undefined, least, comma !== undefined, most)
  if (from > to || from > mostLabels || (most !== undefined && Number(most) > mostLabels)) refusePart(text)
  const isAny = labels === undefined
  const one = isAny ? anyLabel : `(?:${labels.split('|').map(labelOf).join('|')})${end}`
  return { label: not === '' ? one : `(?!${one})${anyLabel}`, least: Math.min(from, beyond), most: Math.min(to, beyond) }
}

/** How many labels a level means: of a `*` any number, of others one, where it does not say. */
function bounds(isAny: boolean, least: string | undefined, isRange: boolean, most = ''): readonly [number, number] {
  if (least === undefined) return isAny ? [0, beyond] : [1, 1]
  const from = Number(least)
  return isRange ? [from, most === '' ? Math.max(from, beyond) : Number(most)] : [from, from]
}

function labelOf(text: string): string {
  const [, label, signs = ''] = labelForm.exec(text) ?? []
  if (label === undefined) refusePart(text)
  const letters = signs.includes('@') ? label.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`) : label
  return signs.includes('*') ? `${letters}[^.]*` : letters
}

function refusePart(text: string): never {
  throw new TypeError(`takes levels like a, a|b, a*, a@, !a, * and *{1,2}, and received ${JSON.stringify(text.slice(0, 50))}`)
}
