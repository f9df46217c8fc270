import { InvalidOptionError } from '../errors.js'
import { countries } from './country.js'
import { currencies } from './currency.js'
import { localeOf } from './locale.js'
import { isZone } from './timezone.js'

/** The first Monday after 1970 began, UTC. */
const aMonday = Date.UTC(1970, 0, 5)
const day = 86_400_000

/**
 * What a country, a currency, a time zone, a language tag or a weekday is called.
 *
 * @param value `DE`, `EUR`, `Europe/Berlin`, `pt-BR`, or a weekday from 1, Monday, to 7.
 * @param locale Language of the name, as BCP 47 writes it; several in order of preference. @default 'en'
 * @throws {InvalidOptionError} The value is none of these, or the locale is no language tag.
 * @since 0.2
 * @example
 * db.utils.nameOf('DE', 'fr') // 'Allemagne'
 * db.utils.nameOf('EUR', 'de') // 'Euro'
 * db.utils.nameOf('pt-BR') // 'Brazilian Portuguese'
 * db.utils.nameOf(1, 'de') // 'Montag'
 */
export function nameOf(value: string | number, locale: string | readonly string[] = 'en'): string {
  const locales = [locale].flat()
  if (locales.length === 0 || !locales.every((each) => typeof each === 'string' && localeOf(each) !== undefined)) {
    throw new InvalidOptionError('locale of nameOf()', 'a language tag like de-DE', locale)
  }
  const name = named(
    value,
    locales.map((each) => localeOf(each) ?? each),
  )
  if (name === undefined)
    throw new InvalidOptionError('value of nameOf()', 'a country, a currency, a time zone, a language tag or a weekday', value)
  return name
}

function named(value: unknown, locales: string[]): string | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 7) {
    return new Intl.DateTimeFormat(locales, { weekday: 'long', timeZone: 'UTC' }).format(aMonday + (value - 1) * day)
  }
  if (typeof value !== 'string') return undefined
  if (countries.has(value)) return new Intl.DisplayNames(locales, { type: 'region' }).of(value)
  if (currencies.has(value)) return new Intl.DisplayNames(locales, { type: 'currency' }).of(value)
  if (isZone(value)) {
    const parts = new Intl.DateTimeFormat(locales, { timeZone: value, timeZoneName: 'longGeneric' }).formatToParts()
    return parts.find(({ type }) => type === 'timeZoneName')?.value
  }
  const tag = localeOf(value)
  return tag === undefined ? undefined : new Intl.DisplayNames(locales, { type: 'language' }).of(tag)
}
