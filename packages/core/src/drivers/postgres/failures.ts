import { isError } from '../../errors.js'
import type { DatabaseFailure } from '../database-error.js'
import type { NativeError } from './client.js'

/** Error codes of PostgreSQL, https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function failureOf({ code, detail, column }: NativeError): DatabaseFailure | undefined {
  switch (code) {
    case '23505':
    case '23P01':
      return { kind: 'unique', columns: columnsIn(detail) }
    case '23502':
      return { kind: 'not-null', columns: column === undefined ? [] : [column] }
    case '23503':
    case '23001':
      return { kind: 'foreign-key' }
    case '23514':
      return { kind: 'check' }
    case '40P01':
      return { kind: 'deadlock' }
    case '40001':
      return { kind: 'serialization' }
    case '42P01':
      return { kind: 'no-table' }
    case '55P03':
      return { kind: 'lock-timeout' }
    // Too long; out of range; no time; beyond what times there are; no character of the encoding, or NUL; no value of its type.
    case '22001':
    case '22003':
    case '22007':
    case '22008':
    case '22021':
    case '22P02':
    case '22P03':
    case '22P05':
      return { kind: 'value' }
    default:
      return undefined
  }
}

/** The server quotes the value that it refuses: in errors of class 22 wherever it stands, in others after a colon at the end. */
export function withoutValues(message: string, { code = '' }: NativeError): string {
  return code.startsWith('22') ? message.replace(/["'«„“].*["'»“”]/s, '…') : message.replace(/: ["«„“].*["»“”]$/s, ': …')
}

/** `Key (email, "left")=(…) already exists.` names the columns, in any language; an expression among them is none. */
function columnsIn(detail: string | undefined): string[] {
  const [, list = ''] = /\((.+?)\)=\(/s.exec(detail ?? '') ?? []
  return [...list.matchAll(/(?:^|, )(?:"((?:[^"]|"")+)"|([^\s"(),]+))(?=,|$)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

/** A prepared statement that its server does not know, knows already, or whose tables have changed. */
export function isStalePlan(error: unknown): boolean {
  if (!isError(error)) return false
  const { code, message }: NativeError = error
  return code === '26000' || code === '42P05' || (code === '0A000' && /cached plan/.test(message))
}
