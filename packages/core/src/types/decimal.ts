/** A decimal text as its digits: `-1.25` with a scale of 2 is -125n. Digits beyond the scale are cut off. */
export function scaled(text: string, scale: number): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d*)\.?(\d*)$/.exec(text) ?? []
  const digits = BigInt(`${whole}${fraction.slice(0, scale).padEnd(scale, '0')}` || '0')
  return sign === '-' ? -digits : digits
}

/** The decimal text of scaled digits, with all places: `-1.25` of -125n with a scale of 2. */
export function unscaled(digits: bigint, scale: number): string {
  const text = `${digits < 0n ? -digits : digits}`.padStart(scale + 1, '0')
  const sign = digits < 0n ? '-' : ''
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

/** A finite number without the exponent that large and small ones print with; every digit stays. */
export function plainDigits(value: number): string {
  const [, sign = '', first = '', rest = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e(.+)$/.exec(`${value}`) ?? []
  if (exponent === undefined) return `${value}`
  const places = Number(exponent)
  const digits = first + rest
  return sign + (places < 0 ? `0.${'0'.repeat(-places - 1)}${digits}` : digits.padEnd(places + 1, '0'))
}
