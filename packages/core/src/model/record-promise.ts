import { RecordNotFoundError } from '../errors.js'
import type { Eventual } from '../eventual.js'
import { beginOperation, Operation } from '../scope/operation.js'
import type { Scope } from '../scope/scope.js'
import type { WithRelations } from '../query/query.js'
import type { AssignOptions, TrustOptions } from '../plan/assignment.js'
import type { taken } from './definition.js'
import type { IncrementArguments } from './increment.js'
import type { Dict, DictKey, DictOptions } from './serialize.js'

/** A record, as far as a chain of verbs needs it. */
interface VerbRecord {
  readonly [taken]: {
    readonly values: object
    readonly trusted: object
    readonly numbers: object
    readonly paths: object
    readonly lists: object
  }
  save(): PromiseLike<this>
  update(values: object, options?: AssignOptions): PromiseLike<this>
  set(values: object, options?: AssignOptions): this
  delete(...parameters: [hard?: false] | []): PromiseLike<this>
  restore(): PromiseLike<this>
  reload(): PromiseLike<this>
  load(...paths: readonly string[]): PromiseLike<unknown>
  increment(column: keyof this[typeof taken]['numbers'] & string, ...given: IncrementArguments): PromiseLike<this>
  decrement(column: keyof this[typeof taken]['numbers'] & string, ...given: IncrementArguments): PromiseLike<this>
  attach(relation: keyof this[typeof taken]['lists'] & string, ...records: readonly never[]): PromiseLike<this>
  detach(relation: keyof this[typeof taken]['lists'] & string, ...records: readonly never[]): PromiseLike<this>
  sync(relation: keyof this[typeof taken]['lists'] & string, ...records: readonly never[]): PromiseLike<this>
  toDict(options?: DictOptions): Record<string, unknown>
}

/**
 * The promise of a record, whose verbs can be called without awaiting it first.
 *
 * The work has begun when the promise exists. A whole chain counts as one operation of its scope, which waits for it.
 *
 * @typeParam T Record that the verbs work on.
 * @typeParam Found What awaiting it gives: the record, or `null` where it may be missing.
 * @since 0.1
 * @example
 * await User.get(45).delete().delete(false).update({ location: 'St. Louis' })
 */
export class RecordPromise<T extends VerbRecord, Found = T> extends Operation<Found> {
  #missing: () => Error = () => new RecordNotFoundError('The record')

  /** @internal Begins `work` for the promise of its result. @param missing What a verb throws where that is no record. @param scope Of the work. */
  static begin<T extends VerbRecord, Found = T>(
    work: () => Eventual<Found>,
    missing?: () => Error,
    scope?: Scope,
  ): RecordPromise<T, Found> {
    const promise = Operation.start<Found, RecordPromise<T, Found>>(RecordPromise, work, scope)
    if (missing) promise.#missing = missing
    return promise
  }

  #then(verb: (record: T) => PromiseLike<T>): RecordPromise<T> {
    return RecordPromise.begin(() => this.then((found) => verb(this.#present(found))))
  }

  #present(found: unknown): T {
    if (found === null || found === undefined) throw this.#missing()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was looked for is a record or nothing
    return found as T
  }

  /** Saves the record. See `BaseModel.save`. */
  save(): RecordPromise<T> {
    return this.#then((record) => record.save())
  }

  /** Sets values and saves. See `BaseModel.update`. */
  update(values: T[typeof taken]['values'], options?: AssignOptions): RecordPromise<T>
  update(values: T[typeof taken]['trusted'], options: TrustOptions): RecordPromise<T>
  update(values: object, options?: AssignOptions): RecordPromise<T> {
    return this.#then((record) => record.update(values, options))
  }

  /** Sets values, and does not save. See `BaseModel.set`. */
  set(values: T[typeof taken]['values'], options?: AssignOptions): RecordPromise<T>
  set(values: T[typeof taken]['trusted'], options: TrustOptions): RecordPromise<T>
  set(values: object, options?: AssignOptions): RecordPromise<T> {
    return this.#then(async (record) => record.set(values, options))
  }

  /** Deletes the record. See `Model.delete`. */
  delete(...parameters: Parameters<T['delete']>): RecordPromise<T> {
    return this.#then((record) => record.delete(...parameters))
  }

  /** Restores the record. See `Model.restore`. */
  restore(): RecordPromise<T> {
    return this.#then((record) => record.restore())
  }

  /** Reads the record again. See `BaseModel.reload`. */
  reload(): RecordPromise<T> {
    return this.#then((record) => record.reload())
  }

  /** Loads relations. See `BaseModel.load`. */
  load<R extends VerbRecord, const P extends keyof R[typeof taken]['paths'] & string>(
    this: RecordPromise<R, unknown>,
    ...paths: readonly P[]
  ): RecordPromise<WithRelations<R, P>> {
    const loaded = this.#then(async (record) => {
      await record.load(...paths)
      return record
    })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relations are there when it is fulfilled
    return loaded as RecordPromise<WithRelations<R, P>>
  }

  /** Adds to a column. See `BaseModel.increment`. */
  increment(column: keyof T[typeof taken]['numbers'] & string, ...given: IncrementArguments): RecordPromise<T> {
    return this.#then((record) => record.increment(column, ...given))
  }

  /** Takes from a column. See `BaseModel.decrement`. */
  decrement(column: keyof T[typeof taken]['numbers'] & string, ...given: IncrementArguments): RecordPromise<T> {
    return this.#then((record) => record.decrement(column, ...given))
  }

  /** Ties related records to the record. See `BaseModel.attach`. */
  attach<K extends keyof T[typeof taken]['lists'] & string>(
    relation: K,
    ...records: readonly T[typeof taken]['lists'][K][]
  ): RecordPromise<T> {
    return this.#then((record) => record.attach(relation, ...linked(records)))
  }

  /** Cuts related records off the record. See `BaseModel.detach`. */
  detach<K extends keyof T[typeof taken]['lists'] & string>(
    relation: K,
    ...records: readonly T[typeof taken]['lists'][K][]
  ): RecordPromise<T> {
    return this.#then((record) => record.detach(relation, ...linked(records)))
  }

  /** Lets these be the related records. See `BaseModel.sync`. */
  sync<K extends keyof T[typeof taken]['lists'] & string>(
    relation: K,
    ...records: readonly T[typeof taken]['lists'][K][]
  ): RecordPromise<T> {
    return this.#then((record) => record.sync(relation, ...linked(records)))
  }

  /** The values of the record. See `BaseModel.toDict`. */
  toDict(): Promise<Record<string, unknown>>
  toDict<R extends VerbRecord, const O extends DictKey<R> = never, const I extends keyof R & string = never>(
    this: RecordPromise<R, unknown>,
    options: DictOptions<DictKey<R>, O, I>,
  ): Promise<Dict<R, O, I>>
  toDict(options?: DictOptions): Promise<Record<string, unknown>> {
    return beginOperation(() => this.then((found) => this.#present(found).toDict(options)))
  }
}

/** What one verb was given, for another that takes the same. */
function linked(records: readonly unknown[]): readonly never[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the chain's own parameters are those of the record's verb
  return records as readonly never[]
}
