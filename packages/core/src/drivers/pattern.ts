import type { Dialect } from './dialect.js'

/** Signs that stand for themselves, within a class too. */
const plain = /^[A-Za-z0-9 _@,:;/%&=<>!"'~`#]$/
const punctuation = /^[!-/:-@[-`{-~]$/

/**
 * A regular expression of JavaScript as databases write it; `undefined` where they might read it another way, so that none refuses
 * what the application takes: lookarounds, classes of Unicode, flags, signs beyond ASCII.
 */
export function patternText({ source, flags }: RegExp, { end }: NonNullable<Dialect['regularExpressions']>): string | undefined {
  if (flags !== '' && flags !== 'u') return undefined
  let text = ''
  for (let rest = source; rest !== ''; ) {
    const found = part(rest, end, flags === 'u')
    if (!found) return undefined
    text += found.text
    rest = rest.slice(found.length)
  }
  return text
}

interface Part {
  readonly text: string
  /** Of the source. */
  readonly length: number
}

function part(rest: string, end: string, countsCharacters: boolean): Part | undefined {
  const [sign = ''] = rest
  if (sign === '[') return classPart(rest, countsCharacters)
  if (sign === '\\') return escapePart(rest)
  if (sign === '$') return { text: end, length: 1 }
  if (sign === '.') return countsCharacters ? { text: '[^\\n\\r]', length: 1 } : undefined
  if (sign === '(') {
    const [opening = ''] = /^\((?:\?:)?(?!\?)/.exec(rest) ?? []
    return opening ? { text: '(?:', length: opening.length } : undefined
  }
  const [quantifier, least = '0', most = least] = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/.exec(rest) ?? []
  if (quantifier !== undefined) {
    // More than any of them counts.
    return Math.max(Number(least), Number(most)) > 255 ? undefined : { text: quantifier.replace(/(.)\?$/, '$1'), length: quantifier.length }
  }
  return plain.test(sign) || '^|)-'.includes(sign) ? { text: sign === '-' ? '\\-' : sign, length: 1 } : undefined
}

function escapePart(rest: string): Part | undefined {
  const sign = rest.charAt(1)
  if (sign === 'd') return { text: '[0-9]', length: 2 }
  if (sign === 'w') return { text: '[A-Za-z0-9_]', length: 2 }
  return punctuation.test(sign) ? { text: plain.test(sign) ? sign : `\\${sign}`, length: 2 } : undefined
}

/** A class of single signs and ranges of letters and digits. */
function classPart(rest: string, countsCharacters: boolean): Part | undefined {
  const [whole, not = '', inner = ''] = /^\[(\^?)((?:[^\]\\[]|\\.)+)\]/.exec(rest) ?? []
  if (whole === undefined || (not && !countsCharacters)) return undefined
  let text = ''
  for (let left = inner; left !== ''; ) {
    const [range] = /^(?:[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d)/.exec(left) ?? []
    const [escaped, sign = ''] = /^\\(.)/.exec(left) ?? []
    if (range !== undefined) text += range
    else if (escaped !== undefined) {
      const set = sign === 'd' ? '0-9' : sign === 'w' ? 'A-Za-z0-9_' : punctuation.test(sign) ? member(sign) : undefined
      if (set === undefined) return undefined
      text += set
    } else if (plain.test(left.charAt(0)) || punctuation.test(left.charAt(0))) text += member(left.charAt(0))
    else return undefined
    left = left.slice((range ?? escaped ?? ' ').length)
  }
  return { text: `[${not}${text}]`, length: whole.length }
}

/** A single sign in a class. */
function member(sign: string): string {
  return plain.test(sign) ? sign : `\\${sign}`
}
