import { UnsupportedError } from '../errors.js'
import { placeText } from '../pagination/cursor.js'
import { CursorPage } from '../pagination/cursor-page.js'
import type { CursorRequest } from '../pagination/page-request.js'
import type { Reading } from './fetch.js'
import { Keyset } from './keyset.js'
import type { QueryState } from './query-state.js'

/**
 * The page after or before a cursor: one statement, and a second one where the row of the cursor is gone.
 *
 * @param turn Gives the page of another request.
 * @throws {InvalidCursorError} The cursor was changed, or is of another order. Status 400.
 * @throws {UnsupportedError} The query has a window, or rows without a key, or an order that may not be shown.
 */
export async function cursorPage<R>(
  state: QueryState<R>,
  { size, cursor, backwards }: CursorRequest,
  reading: Reading,
  turn: (request: CursorRequest) => Promise<CursorPage<R>>,
): Promise<CursorPage<R>> {
  const { metadata, limit, offset, dataSource } = state
  const { cursors } = dataSource.engine.settings
  if (limit !== undefined || offset !== undefined) {
    throw new UnsupportedError(`${metadata.name}.query().paginateByCursor() with a limit or an offset`, 'first and last say how many.')
  }
  const keyset = new Keyset(state, 'paginateByCursor')
  if (keyset.isHidden && !cursors.isSecret) {
    throw new UnsupportedError(
      `${metadata.name}.query().paginateByCursor() by a hidden column`,
      'Give the database a cursorSecret: then nobody can read the values that cursors hold.',
    )
  }
  const order = keyset.signature
  const from = cursor === undefined ? undefined : cursors.read(order, cursor)
  const found = await keyset.rows(reading, { from, inclusive: true, backwards }, size + (from ? 2 : 1))
  // The row of the cursor is read as well, and tells that there is a page on its side.
  const isThere = from !== undefined && found[0] !== undefined && placeText(found[0].place) === placeText(from)
  const rest = isThere ? found.slice(1) : found
  const isBehind = isThere || (from !== undefined && (await keyset.exists(reading, { from, inclusive: true, backwards: !backwards })))
  const goesOn = rest.length > size
  const placed = rest.slice(0, size)
  if (backwards) placed.reverse()
  const cursorAt = (index: number): string | null => {
    const at = placed.at(index)
    return at ? cursors.write(order, at.place) : null
  }
  return new CursorPage({
    items: placed.map(({ item }) => item),
    hasNext: backwards ? isBehind : goesOn,
    hasPrev: backwards ? goesOn : isBehind,
    startCursor: cursorAt(0),
    endCursor: cursorAt(-1),
    turn: (to, isBackwards) => turn({ size, cursor: to, backwards: isBackwards }),
  })
}
