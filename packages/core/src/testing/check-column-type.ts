import { ActiveAlchemy } from '../active-alchemy.js'
import { InvalidOptionError } from '../errors.js'
import { flag, isObject, readOptions } from '../options.js'
import type { ColumnType } from '../types/column-type.js'
import { Trial } from './trial.js'

/** What a type is tried with. @since 0.2 */
export interface TypeCheck<T, Also = never> {
  /** Different values that it takes, in the order in which they sort, two at least. */
  readonly samples: readonly (T | Also)[]
  /** Other forms of samples: `[['#F80', '#ff8800']]` says that the first is taken for the second. @default none */
  readonly forms?: readonly (readonly [form: unknown, sample: T | Also])[]
  /** Values that it must refuse. @default none */
  readonly refused?: readonly unknown[]
  /** Whether the samples stand in the order in which the database sorts them. @default true */
  readonly isSorted?: boolean
  /** Database to try it on, of tests only: it gets a model whose table is dropped again. @default SQLite in memory */
  readonly db?: ActiveAlchemy
}

const list = { takes: 'a list', accepts: (value: unknown): value is readonly unknown[] => Array.isArray(value) }
const options = {
  samples: {
    takes: 'a list of two values at least',
    accepts: (value: unknown): value is unknown[] => list.accepts(value) && value.length > 1,
  },
  forms: {
    takes: 'a list of pairs',
    accepts: (value: unknown): value is readonly (readonly [unknown, unknown])[] => list.accepts(value) && value.every(Array.isArray),
  },
  refused: list,
  isSorted: flag,
  db: { takes: 'a database', accepts: (value: unknown): value is ActiveAlchemy => isObject(value) && 'createAll' in value },
}

/**
 * Tries whether a data type keeps what models promise of their columns, by the checks that the types of this library pass: values come
 * back as they were kept, are found in all their forms, compare, sort, group and are unique on that database; what the type refuses is
 * refused with a status of the client; and a migration after `createAll` finds nothing to change. It needs no test runner.
 *
 * @param type Type to try.
 * @param check Values to try it with.
 * @throws {InvalidOptionError} There are fewer than two samples, or an option is unknown.
 * @throws {Error} Promises are broken; the message lists them.
 * @since 0.2
 * @example
 * await checkColumnType(Celsius, { samples: [-40, 0, 21.5], refused: ['warm', -300] })
 */
export async function checkColumnType<T, Also = never>(type: ColumnType<T, Also>, check: TypeCheck<T, Also>): Promise<void> {
  const { samples, forms = [], refused = [], isSorted = true, db } = readOptions(options, check, 'checkColumnType()')
  if (!samples) throw new InvalidOptionError('samples of checkColumnType()', options.samples.takes, samples)
  const memory = db ? undefined : new ActiveAlchemy('sqlite://')
  try {
    const trial = new Trial(db ?? memory ?? new ActiveAlchemy(), type, samples, forms)
    await trial.run(refused, isSorted)
    if (trial.broken.length > 0) {
      throw new Error(`The type ${type.typeName} breaks ${trial.broken.length} promises:\n${trial.broken.join('\n')}`)
    }
  } finally {
    await memory?.close()
  }
}
