import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'

/** The codes of ISO 4217 that are in use, funds and metals among them. */
export const currencies: ReadonlySet<string> = new Set(
  (
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY ' +
    'COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ' +
    'ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR ' +
    'MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC ' +
    'SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD ' +
    'XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG'
  ).split(' '),
)

/**
 * A currency as its three letters of ISO 4217, `EUR`; small letters are accepted. `db.utils.nameOf` says its name.
 *
 * @since 0.2
 * @example
 * class Price extends db.Model('Price', { amount: db.Column(db.Numeric(12, 2)), currency: db.Column(db.CurrencyType(), { default: 'EUR' }) }) {}
 */
export function CurrencyType(): ColumnType<string> {
  return {
    kind: 'string',
    typeName: 'CurrencyType',
    storage: (database) => codeText(database, 3),
    accept(value) {
      const code = typeof value === 'string' && value.length === 3 ? value.toUpperCase() : ''
      if (!currencies.has(code)) refuse('a currency of three letters, EUR', value)
      return code
    },
  }
}
