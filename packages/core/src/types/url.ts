import { flag, readOptions } from '../options.js'
import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'

/** What addresses are taken. @since 0.2 */
export interface URLOptions {
  /** Whether a path without a host, `/about?x=1`, is taken as well; it is kept as it is. @default false */
  readonly relative?: boolean
}

/** The longest address, which still fits into an index. */
const longest = 2_048

/** What browsers run, or take for a page of whoever shows it. */
const refused = new Set(['javascript:', 'vbscript:', 'data:'])

const here = new URL('http://relative.invalid/')

/**
 * An absolute URL as text, in the form that the URL standard gives it: `HTTP://Example.com` is `http://example.com/`. Addresses that
 * browsers run, `javascript:` among them, are refused.
 *
 * @throws {InvalidOptionError} An option is unknown.
 * @since 0.2
 * @example
 * class Link extends db.Model('Link', { href: db.Column(db.URLType()), next: db.Column(db.URLType({ relative: true }), { nullable: true }) }) {}
 */
export function URLType(options?: URLOptions): ColumnType<string> {
  const { relative = false } = readOptions({ relative: flag }, options, 'URLType()')
  return {
    kind: 'string',
    typeName: 'URLType',
    storage: (database) => codeText(database),
    accept(value) {
      const url =
        typeof value === 'string' && value.length <= longest ? (absolute(value) ?? (relative ? path(value) : undefined)) : undefined
      if (url === undefined || url.length > longest) {
        refuse(`${relative ? 'a URL or a path' : 'an absolute URL like https://example.com/'} of at most ${longest} characters`, value)
      }
      return url
    },
  }
}

function absolute(text: string): string | undefined {
  const url = parsed(text)
  return url && !refused.has(url.protocol) ? url.href : undefined
}

/** A path on the same host, whichever that is. */
function path(text: string): string | undefined {
  const trimmed = text.trim()
  // `//elsewhere/` and its like lead to another host, and signs that are left out as a URL is read could hide where it leads.
  const isHere = parsed(trimmed, here)?.origin === here.origin
  if (trimmed === '' || !isHere || parsed(trimmed) || /[\p{Cc}\p{Surrogate}]/u.test(trimmed)) return undefined
  return trimmed.replace(/[^\x21-\x7e]/gu, encodeURIComponent)
}

/** Not by `URL.canParse`: that of Node 20 comes to refuse umlauts once it is called often. */
function parsed(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
