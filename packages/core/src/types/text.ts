import type { ColumnType } from './column-type.js'
import { acceptText } from './string.js'

/** Text of any length. */
export const Text: ColumnType<string> = {
  kind: 'string',
  typeName: 'Text',
  // A text of MySQL ends at 64 KiB.
  storage: (database) => ({ type: database === 'mysql' ? 'longtext' : 'text' }),
  accept: (value) => acceptText(value),
}
