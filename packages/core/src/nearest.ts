/** The name that was probably meant: with one or two letters otherwise, or which begins or ends so. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length < 3 || name.length > 60) return undefined
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z\d]/g, '')
  const wanted = plain(name)
  const distances = known.map((each) => {
    const other = plain(each)
    const isPart = wanted.length > 2 && (other.startsWith(wanted) || other.endsWith(wanted) || wanted.startsWith(other))
    return [each, isPart ? 1 : distance(wanted, other)] as const
  })
  const [best] = distances.sort(([, a], [, b]) => a - b)
  return best && best[1] <= (wanted.length < 6 ? 1 : 2) ? best[0] : undefined
}

/** How many letters must be added, taken, changed or swapped to make `b` of `a`. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    rows.push(current)
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
  }
  return at(a.length, b.length)
}
