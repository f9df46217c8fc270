import type { PathLevel } from '../drivers/dialect.js'

/** The largest number that a pattern may say. */
const largest = 65_535

/** More labels than any path has. */
const beyond = 400

/** Levels of any number that one pattern may have: each multiplies the ways to read a path, which PostgreSQL tries all. */
const mostOpen = 3

const longest = 2_000

/** What a regular expression of MariaDB's may have. */
const mostBytes = 60_000

const levelForm = /^(?:\*|(!?)([A-Za-z0-9_*@|]+))(?:\{(\d{0,5})(?:(,)(\d{0,5}))?\})?$/
const labelForm = /^([A-Za-z0-9_]{1,255})(\*@|@\*|[*@]|)$/

/**
 * The levels of a pattern of paths, an `lquery` of PostgreSQL's; `undefined` where it means more labels than any path has.
 *
 * @throws {TypeError} It is none, or it has what only PostgreSQL knows.
 */
export function pathLevels(pattern: unknown): readonly PathLevel[] | undefined {
  if (typeof pattern !== 'string' || pattern.length === 0 || pattern.length > longest) {
    throw new TypeError(`takes a pattern of 1 to ${longest} characters, like Top.*.Astro*`)
  }
  if (pattern.includes('%')) throw new TypeError('takes no % in a pattern: it is of PostgreSQL alone')
  const levels = pattern.split('.').map(levelOf)
  if (levels.filter(({ least, most }) => least !== most).length > mostOpen) {
    throw new TypeError(`takes a pattern with at most ${mostOpen} levels of any number`)
  }
  if (levels.reduce((sum, { least }) => sum + least, 0) > beyond) return undefined
  if (levels.reduce((sum, level) => sum + sizeOf(level), 0) > mostBytes)
    throw new TypeError('takes a pattern with fewer or smaller numbers')
  return levels
}

/** About as many bytes as a regular expression of the level has: its numbers are written out there. */
function sizeOf({ label = '', least, most }: PathLevel): number {
  return (Number.isFinite(most) ? most : Math.max(least, 1)) * (60 + 10 * label.length)
}

function levelOf(text: string): PathLevel {
  const [whole, not = '', labels, from, comma, to = from] = levelForm.exec(text) ?? []
  // Braces without a number say nothing.
  if (whole === undefined || (from === '' && to === '')) refusePart(text)
  const isAny = labels === undefined
  const least = from === undefined ? (isAny ? 0 : 1) : Number(from)
  const most = from === undefined ? (isAny ? largest : 1) : comma !== undefined && to === '' ? largest : Number(to)
  if (least > most || most > largest) refusePart(text)
  return {
    label: labels?.split('|').map(labelOf).join('|'),
    isNot: not !== '',
    least,
    most: most < beyond || most === least ? most : Number.POSITIVE_INFINITY,
  }
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
