/** Which page numbers a window shows. @since 0.1 */
export interface WindowOptions {
  /** Pages shown at the start. @default 2 */
  readonly leftEdge?: number
  /** Pages shown before the current one. @default 3 */
  readonly leftCurrent?: number
  /** Pages shown from the current one on, itself included. @default 4 */
  readonly rightCurrent?: number
  /** Pages shown at the end. @default 2 */
  readonly rightEdge?: number
}

/**
 * The page numbers to show around a current page; `null` stands for a gap.
 *
 * The rule is that of the Python original's paginator; the work is proportional to what is shown, not to the pages.
 *
 * @example
 * pageWindow(10, 25)  // [1, 2, null, 7, 8, 9, 10, 11, 12, 13, null, 24, 25]
 */
export function pageWindow(page: number, totalPages: number, options: WindowOptions = {}): (number | null)[] {
  const { leftEdge = 2, leftCurrent = 3, rightCurrent = 4, rightEdge = 2 } = options
  const ranges: [first: number, last: number][] = [
    [1, leftEdge],
    [page - leftCurrent, page + rightCurrent - 1],
    [totalPages - rightEdge + 1, totalPages],
  ]
  const shown: (number | null)[] = []
  let last = 0
  // An edge may begin before the neighbourhood: a page beyond the end, or a wide edge.
  for (const [from, to] of ranges.sort(([a], [b]) => a - b)) {
    const end = Math.min(to, totalPages)
    for (let number = Math.max(from, last + 1); number <= end; number++) {
      if (number !== last + 1) shown.push(null)
      shown.push(number)
      last = number
    }
  }
  return shown
}
