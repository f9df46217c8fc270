import type { ColumnType } from './column-type.js'
import { acceptText } from './string.js'

/** Text of any length. */
export const Text: ColumnType<string> = {
  kind: 'string',
  typeName: 'Text',
  storage: () => ({ type: 'text' }),
  accept: (value) => acceptText(value),
}
