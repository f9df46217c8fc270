import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { unknownName } from './names.js'
import { fromTypeorm, Operator } from './operators.js'
import { Sql, type SqlContext } from './sql.js'

/** Makes conditions of a query from values of the application and its clients. */
export interface ConditionContext extends SqlContext {
  readonly dataSource: AlchemyDataSource
  /** Name of the table in the query. */
  readonly alias: string
}

/** Comparisons in one filter: SQLite takes an expression of 1,000 levels. */
const mostTerms = 500
/** Levels of `and`, `or` and `not`. */
const deepest = 50

/**
 * The condition that a filter stands for: an object's keys must all match. Empty text of an empty object.
 *
 * Text of the caller never becomes SQL: keys are mapped names, values are checked against their column and bound.
 *
 * @throws {InvalidFilterError} A key is no column, or a value is not of its column's kind.
 */
export function conditionOf(filter: unknown, metadata: EntityMetadata, context: ConditionContext): string {
  return new Conditions(metadata, context).of(filter)
}

/** Whether a filter holds SQL of the application that is not known to read only. */
export function mayWrite(filter: unknown): boolean {
  if (filter instanceof Sql) return !filter.onlyReads
  if (Operator.is(filter)) return filter.operands.some(mayWrite)
  return isPlain(filter) && Object.values(filter).some(mayWrite)
}

/** What a value is compared with: a column, or the columns of a foreign key. */
interface Subject {
  readonly key: string
  /** The columns in the query. */
  readonly names: readonly string[]
  /** Places for a value, one for each column. */
  readonly bind: (value: unknown) => readonly string[]
  /** Whether it can be compared otherwise than by equality. */
  readonly isSortable: boolean
}

class Conditions {
  readonly #metadata: EntityMetadata
  readonly #context: ConditionContext
  #terms = 0

  constructor(metadata: EntityMetadata, context: ConditionContext) {
    this.#metadata = metadata
    this.#context = context
  }

  of(filter: unknown, depth = 0): string {
    if (filter instanceof Sql) return filter.render(this.#context)
    if (Operator.is(filter)) return this.#combined('that', filter, depth, (part, level) => this.#part(part, level))
    if (!isPlain(filter)) {
      const remedy = Array.isArray(filter) ? 'Write or({…}, {…}) for alternatives.' : 'Write { column: value }.'
      this.#refuse('that', 'a filter is an object, an operator such as or({…}, {…}), or db.sql', remedy)
    }
    return Object.entries(filter)
      .map(([key, value]) => this.#compare(this.#subject(key), value, depth))
      .join(' AND ')
  }

  /** A part of a whole filter, which must narrow it. */
  #part(part: unknown, depth: number): string {
    const condition = this.of(part, depth)
    if (condition === '') this.#refuse('an empty object', 'it would match every row', 'Leave it out.')
    return condition
  }

  #combined(key: string, { kind, operands }: Operator, depth: number, part: (operand: unknown, depth: number) => string): string {
    if (depth >= deepest) this.#refuse(key, `operators are nested more than ${deepest} levels deep`, 'Write a simpler filter.')
    if (kind !== 'and' && kind !== 'or' && kind !== 'not') {
      this.#refuse(key, 'this operator compares a column', 'Write { column: operator }.')
    }
    if (operands.length === 0) this.#refuse(key, `${kind}() has no parts`, 'Give it one at least.')
    const parts = operands.map((operand) => `(${part(operand, depth + 1)})`)
    return kind === 'not' ? `NOT ${parts.join('')}` : parts.join(kind === 'and' ? ' AND ' : ' OR ')
  }

  #compare(subject: Subject, given: unknown, depth: number): string {
    this.#terms += 1
    if (this.#terms > mostTerms) this.#refuse(subject.key, `it has more than ${mostTerms} comparisons`, 'Write fewer, or oneOf([…]).')
    const { key, names } = subject
    const value = this.#understood(key, given)
    if (!Operator.is(value)) return this.#equals(subject, value)
    const [first, second] = value.operands
    switch (value.kind) {
      case 'null':
        return names.map((name) => `${name} IS NULL`).join(' AND ')
      case 'in':
        return this.#oneOf(subject, value.operands)
      case 'between':
        return `${this.#sortable(subject)} BETWEEN ${this.#single(subject, first)} AND ${this.#single(subject, second)}`
      case '<':
      case '<=':
      case '>':
      case '>=':
        return `${this.#sortable(subject)} ${value.kind} ${this.#single(subject, first)}`
      default:
        return this.#combined(key, value, depth, (part, level) => this.#compare(subject, part, level))
    }
  }

  #equals(subject: Subject, value: unknown): string {
    const { key, names } = subject
    if (value instanceof Sql) return `${names[0] ?? ''} = ${value.render(this.#context)}`
    if (value === null) this.#refuse(key, 'it takes a single value, and received null', 'Write isNull() for rows without a value.')
    if (value === undefined) this.#refuse(key, 'it takes a single value, and received undefined', 'Leave the key out, or write isNull().')
    if (Array.isArray(value)) {
      this.#refuse(key, `it takes a single value, and received an array of ${value.length}`, 'Write oneOf([…]) for any of several values.')
    }
    const places = subject.bind(value)
    return names.map((name, index) => `${name} = ${places[index] ?? ''}`).join(' AND ')
  }

  #oneOf(subject: Subject, values: readonly unknown[]): string {
    if (values.length === 0) return '1 = 0'
    const [name = '', second] = subject.names
    if (second !== undefined) return values.map((value) => `(${this.#equals(subject, value)})`).join(' OR ')
    return `${name} IN (${values.map((value) => this.#single(subject, value)).join(', ')})`
  }

  #single(subject: Subject, value: unknown): string {
    if (value instanceof Sql) return value.render(this.#context)
    return subject.bind(value)[0] ?? ''
  }

  #sortable({ key, names: [name = ''], isSortable }: Subject): string {
    if (!isSortable) this.#refuse(key, 'a relation has no order', 'Compare a column.')
    return name
  }

  /** Operators of TypeORM are understood, and an object that only looks like one is told how to be written. */
  #understood(key: string, value: unknown): unknown {
    try {
      const operator = fromTypeorm(value)
      if (!isPlain(operator)) return operator
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      this.#refuse(key, `it ${error.message}`, 'Write db.sql.')
    }
    this.#refuse(
      key,
      'it takes a single value, and received an object',
      'An operator is a function: gt(3), oneOf([…]), not(…), isNull(); anything else is db.sql.',
    )
  }

  #subject(key: string): Subject {
    const relation = this.#metadata.relations.find(({ propertyName, isOwning }) => propertyName === key && isOwning)
    if (relation && relation.joinColumns.length > 0) return this.#foreignKey(key, relation.joinColumns)
    const column = this.#metadata.columns.find(({ propertyPath, isVirtual }) => propertyPath === key && !isVirtual)
    if (!column) throw unknownName(this.#metadata, key, this.#context.dataSource.models)
    const name = `${this.#context.alias}.${column.propertyPath}`
    return { key, names: [name], bind: (value) => [this.#bound(column, value)], isSortable: true }
  }

  #foreignKey(key: string, columns: readonly ColumnMetadata[]): Subject {
    const { alias, bind } = this.#context
    const [{ relationMetadata } = { relationMetadata: undefined }] = columns
    const path = relationMetadata?.propertyPath ?? ''
    const target: unknown = relationMetadata?.inverseEntityMetadata.target
    return {
      key,
      names: columns.map(
        ({ referencedColumn }) => `${alias}.${path}${columns.length > 1 ? `.${referencedColumn?.propertyPath ?? ''}` : ''}`,
      ),
      bind: (value) => {
        // An instance, never a plain object or a key: JSON can be neither.
        if (typeof target !== 'function' || !(value instanceof target)) {
          const model = relationMetadata?.inverseEntityMetadata.name ?? 'the related model'
          this.#refuse(key, `it takes a record of ${model}`, 'Give one that was loaded.')
        }
        return columns.map(({ referencedColumn }) => bind(referencedColumn?.getEntityValue(value)))
      },
      isSortable: false,
    }
  }

  #bound(column: ColumnMetadata, value: unknown): string {
    const { dataSource, bind } = this.#context
    const type = dataSource.columnType(column)
    try {
      if (type.kind === 'json') throw new TypeError('cannot be compared; use db.sql')
      return bind(dataSource.driver.preparePersistentValue(type.accept(value), column))
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw new InvalidFilterError(this.#metadata.name, column.propertyPath, `it ${error.message}`)
    }
  }

  #refuse(key: string, why: string, remedy: string): never {
    throw new InvalidFilterError(this.#metadata.name, key, why, remedy)
  }
}

/** An object as JSON or a literal gives one. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
