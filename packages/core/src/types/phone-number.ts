import { InvalidOptionError } from '../errors.js'
import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'
import { loadPeer } from './peer.js'

/** The part of libphonenumber-js that we use. */
interface PhoneNumbers {
  parsePhoneNumberFromString(
    text: string,
    options: { readonly defaultCountry?: string; readonly extract: false },
  ): { readonly number: string; readonly ext?: string; isPossible(): boolean } | undefined
  isSupportedCountry(region: string): boolean
}

/** The longest number that is read: what a client may send has an end. */
const longest = 50

/**
 * A telephone number as E.164 text, `+12025550123`, with its extension: `+12025550123;ext=12`. It takes what people write, and must be a
 * number that could be: whether it reaches anybody only a call tells.
 *
 * It needs the package `libphonenumber-js`.
 *
 * @param region Where numbers without a country code are: `DE`. @default none: they are refused
 * @throws {MissingPackageError} The package is not installed.
 * @throws {InvalidOptionError} There is no such region.
 * @since 0.2
 * @example
 * class Contact extends db.Model('Contact', { phone: db.Column(db.PhoneNumberType('DE'), { unique: true }) }) {}
 */
export function PhoneNumberType(region?: string): ColumnType<string> {
  const numbers = loadPeer<PhoneNumbers>('libphonenumber-js', 'PhoneNumberType()')
  if (region !== undefined && !numbers.isSupportedCountry(region)) {
    throw new InvalidOptionError('PhoneNumberType(region)', 'a country of two letters, DE', region)
  }
  const options = { ...(region === undefined ? {} : { defaultCountry: region }), extract: false } as const
  return {
    kind: 'string',
    typeName: 'PhoneNumberType',
    storage: (database) => codeText(database, longest),
    accept(value) {
      const number =
        typeof value === 'string' && value.length <= longest
          ? numbers.parsePhoneNumberFromString(value.replace(/^tel:/i, ''), options)
          : undefined
      if (!number?.isPossible())
        refuse(`a telephone number ${region === undefined ? 'like +12025550123' : `of ${region}, or with +`}`, value)
      return number.ext === undefined ? number.number : `${number.number};ext=${number.ext}`
    },
  }
}
