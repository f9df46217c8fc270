import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'
import { colorNames } from './color-names.js'

/**
 * A colour as text, `#rrggbb` in lower case. It takes `#rgb`, capitals and the names of CSS as well, also in filters.
 *
 * @since 0.2
 * @example
 * class Label extends db.Model('Label', { color: db.Column(db.ColorType(), { default: '#ffffff' }) }) {}
 */
export function ColorType(): ColumnType<string> {
  return {
    kind: 'string',
    typeName: 'ColorType',
    storage: (database) => ({
      // As the original has it.
      ...codeText(database, 20),
      transformer: {
        to: (value: unknown) => value,
        from: (value: unknown) => (typeof value === 'string' ? (hexOf(value) ?? value) : value),
      },
    }),
    accept(value) {
      const color = typeof value === 'string' && value.length <= 30 ? hexOf(value) : undefined
      if (color === undefined) refuse('a colour like #ff8800, #f80 or darkorange', value)
      return color
    },
  }
}

/** `#rrggbb` of a colour in another form; the original keeps the shortest one. */
function hexOf(text: string): string | undefined {
  const lower = text.toLowerCase()
  if (/^#[\da-f]{6}$/.test(lower)) return lower
  if (/^#[\da-f]{3}$/.test(lower)) return lower.replace(/[\da-f]/g, '$&$&')
  return colorNames.get(lower)
}
