import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'

/** The longest name, as the original has it; the longest that there is has 32 characters. */
const longest = 50

/**
 * A time zone by its name in the IANA database: `Europe/Berlin`, `UTC`. `db.utils.nameOf` says what it is called.
 *
 * @since 0.2
 * @example
 * class Office extends db.Model('Office', { zone: db.Column(db.TimezoneType()) }) {}
 * const office = await Office.create({ zone: 'Europe/Berlin' })
 * db.utcnow().setZone(office.zone)
 */
export function TimezoneType(): ColumnType<string> {
  return {
    kind: 'string',
    typeName: 'TimezoneType',
    storage: (database) => codeText(database, longest),
    accept(value) {
      const zone = typeof value === 'string' ? zoneOf(value) : undefined
      if (zone === undefined) refuse('a time zone like Europe/Berlin', value)
      return zone
    },
  }
}

/** Whether a text is the name of a zone. */
export function isZone(text: string): boolean {
  return zoneOf(text) === text
}

/** The name of a zone as the database of zones spells it; `undefined` of no name, an offset among them: it changes with the season. */
function zoneOf(text: string): string | undefined {
  if (text.length > longest || !/^[A-Z]/i.test(text)) return undefined
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions()
    if (timeZone.toLowerCase() === text.toLowerCase()) return timeZone
    // Another name of the same zone, which stays: only its case is not known.
    return text.split('/').every((part) => /^[A-Z\d]/.test(part)) ? text : undefined
  } catch {
    return undefined
  }
}
