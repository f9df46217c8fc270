import type { PathLevel } from '../dialect.js'

interface Level {
  readonly least: number
  readonly most: number
  readonly fits: (label: string) => boolean
}

/**
 * The function of SQL that holds paths against a pattern, which is read once for the rows of a statement. No regular expression reads a
 * whole path: a client who chose both could keep the process for minutes.
 */
export function pathMatcher(): (path: unknown, pattern: unknown) => number | null {
  let known: unknown
  let levels: readonly Level[] = []
  return (path, pattern) => {
    if (typeof path !== 'string' || typeof pattern !== 'string') return null
    if (pattern !== known) [known, levels] = [pattern, levelsOf(pattern)]
    return isMatch(path.split('.'), levels) ? 1 : 0
  }
}

function levelsOf(pattern: string): Level[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the dialect wrote it
  const parts = JSON.parse(pattern) as (Omit<PathLevel, 'most'> & { readonly most: number | null })[]
  return parts.map(({ label, isNot, least, most }) => {
    const expression = new RegExp(`^(?:${label ?? '.*'})$`)
    // JSON has no infinity.
    return { least, most: most ?? Number.POSITIVE_INFINITY, fits: (each) => expression.test(each) !== isNot }
  })
}

/** Whether labels can be shared out among levels: the places that each of them can end at, of those that the one before can. */
function isMatch(labels: readonly string[], levels: readonly Level[]): boolean {
  let places = new Set([0])
  for (const { least, most, fits } of levels) {
    const next = new Set<number>()
    const fitting = labels.map(fits)
    for (const place of places) {
      let count = 0
      while (count < least && fitting[place + count]) count++
      for (; count >= least && count <= most; count++) {
        next.add(place + count)
        if (!fitting[place + count]) break
      }
    }
    places = next
  }
  return places.has(labels.length)
}
