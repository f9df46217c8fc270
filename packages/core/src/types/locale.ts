import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'

/** The longest tag; real ones are of 5 to 20 characters. */
const longest = 100

/**
 * A language with its script and region, as BCP 47 writes it: `de-DE`, `zh-Hant-TW`. It takes other spellings, `de_DE` among them.
 *
 * The table holds `de_DE`, as the Python original writes and reads it.
 *
 * @since 0.2
 * @example
 * class Reader extends db.Model('Reader', { locale: db.Column(db.LocaleType(), { default: 'en-GB' }) }) {}
 */
export function LocaleType(): ColumnType<string> {
  return {
    kind: 'string',
    typeName: 'LocaleType',
    storage: (database) => ({
      ...codeText(database, longest),
      transformer: {
        to: (value: unknown) => (typeof value === 'string' ? value.replaceAll('-', '_') : value),
        from: (value: unknown) => (typeof value === 'string' ? (localeOf(value) ?? value) : value),
      },
    }),
    accept(value) {
      const locale = typeof value === 'string' && value.length <= longest ? localeOf(value) : undefined
      if (locale === undefined) refuse('a language tag like de-DE', value)
      return locale
    },
  }
}

/** The canonical tag of a text; `undefined` of one that is none. */
export function localeOf(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}
