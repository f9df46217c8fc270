import type { EntityMetadata } from 'typeorm'
import { joined, type Piece, type Pieces } from '../drivers/dialect.js'
import type { ColumnMetadata, RelationMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import { columnCalled } from '../mapping/foreign-key.js'
import { quotedTable } from '../plan/statements.js'
import { columnsOf, Source } from './columns.js'
import { From, linkColumns, live, referenced, relatedBy } from './compile.js'
import { balanced, columnExpression, Expression, unknownColumn } from './expression.js'
import { Combined, Operator, operatorOf, type Quantifier, RelationOperator } from './operators.js'
import { columnValueType, type ValueType } from './value-type.js'

/** The most conditions that one filter may have, and how deep they may stand in each other: a client may have chosen both. */
const mostTerms = 500
const deepest = 50
const advice = 'Ask for less at a time: oneOf([…]) is one condition.'

/** How much of a filter was read. */
class Budget {
  #terms = 0

  spend(model: string, terms: number, depth: number): void {
    this.#terms += terms
    if (this.#terms > mostTerms) throw new InvalidFilterError(model, 'that filter', `it has more than ${mostTerms} conditions`, advice)
    if (depth > deepest) throw new InvalidFilterError(model, 'that filter', `it is nested more than ${deepest} levels deep`, advice)
  }
}

/**
 * The condition that a filter stands for; `undefined` when it asks nothing.
 *
 * Text of the caller never becomes SQL: keys are mapped names, values are checked against their column and bound.
 *
 * @throws {InvalidFilterError} A key is no column, or a value is not of its column's kind. Status 400.
 */
export function conditionOf(filter: unknown, from: From, depth = 0, budget = new Budget()): Pieces | undefined {
  const { name } = from.metadata
  budget.spend(name, filter instanceof Combined ? 0 : 1, depth)
  if (filter instanceof Expression) return filter.term(from).pieces
  if (filter instanceof Operator || filter instanceof RelationOperator) {
    throw new InvalidFilterError(name, 'that', 'this operator compares a column', 'Write { column: gt(3) }.')
  }
  if (filter instanceof Combined) return combined(filter, from, depth, budget)
  if (typeof filter === 'function') {
    const source = from.source instanceof Source ? from.source : new Source(from.metadata)
    const made: unknown = filter(columnsOf(source, from))
    if (!(made instanceof Expression))
      throw new InvalidFilterError(name, 'that function', 'it gives a condition: (user) => user.name.eq("Ada")')
    return made.term(from).pieces
  }
  if (typeof filter !== 'object' || filter === null || !isPlain(filter)) {
    const remedy = Array.isArray(filter)
      ? 'Write or(a, b) for one of several.'
      : 'A filter is an object of values, or(…), a function or db.sql.'
    throw new InvalidFilterError(name, 'that', 'it is no filter', remedy)
  }
  const entries = Object.entries(filter)
  budget.spend(name, Math.max(entries.length - 1, 0), depth)
  const conditions = entries.map(([key, value]) => conditionOn(key, value, from, depth, budget))
  return conditions.length === 0 ? undefined : balanced(conditions, ' AND ')
}

function isPlain(filter: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(filter)
  return prototype === Object.prototype || prototype === null
}

function combined({ word, parts }: Combined<unknown>, from: From, depth: number, budget: Budget): Pieces {
  const conditions = parts.map((part) => {
    const condition = conditionOf(part, from, depth + 1, budget)
    if (!condition)
      throw new InvalidFilterError(
        from.metadata.name,
        `${word.toLowerCase()}()`,
        'it would match every row',
        'Give each part a value at least.',
      )
    return condition
  })
  return word === 'NOT' ? ['NOT (', ...(conditions[0] ?? []), ')'] : balanced(conditions, ` ${word} `)
}

function conditionOn(key: string, value: unknown, from: From, depth: number, budget: Budget): Pieces {
  const { metadata } = from
  const relation = metadata.relations.find(({ propertyName }) => propertyName === key)
  if (relation) return conditionOnRelation(relation, value, from, depth, budget)
  const column = columnCalled(metadata, key)
  if (!column) throw unknownColumn(from, key)
  refuseShape(metadata, key, value, columnValueType(from.dataSource, column).shape)
  return operatorOf(value)
    .on(
      columnExpression(column, () => from),
      from,
    )
    .term(from).pieces
}

/** What JSON can be and a value cannot: each has its operator. @param own The shape that values of the column have. */
function refuseShape({ name }: EntityMetadata, key: string, value: unknown, own?: ValueType['shape']): void {
  if (value === null || value === undefined)
    throw new InvalidFilterError(name, key, `${String(value)} is no value`, 'Write isNull(), or leave the key out.')
  if (Array.isArray(value) && own !== 'list') throw new InvalidFilterError(name, key, 'a list is no value', 'Write oneOf([…]).')
  if (typeof value === 'object' && isPlain(value) && own !== 'object') {
    throw new InvalidFilterError(name, key, 'an object is no value', "Write an operator: gt(3), between(1, 9), startsWith('M'), not(…).")
  }
}

// ---------------------------------------------------------------------------------------------------- relations

function conditionOnRelation(relation: RelationMetadata, value: unknown, from: From, depth: number, budget: Budget): Pieces {
  const { name } = from.metadata
  const isMany = relation.isOneToMany || relation.isManyToMany
  if (value instanceof RelationOperator) {
    const { quantifier, filter } = value
    if (isMany === (quantifier === 'is')) {
      throw new InvalidFilterError(
        name,
        relation.propertyName,
        isMany ? 'it has many records: use some(), every() or none()' : 'it has one record: use is()',
      )
    }
    return quantified(relation, quantifier, filter, from, depth, budget)
  }
  if (isMany || !relation.isOwning) {
    const remedy = isMany ? 'it has many records: use some(), every() or none()' : 'its key stands in the other table: use is()'
    throw new InvalidFilterError(name, relation.propertyName, remedy)
  }
  refuseShape(from.metadata, relation.propertyName, value)
  return joined(
    relation.joinColumns.map((column) => keyCondition(relation, column, value, from)),
    ' AND ',
  )
}

/** A foreign key that is to be that of a record, a key, or asked by an operator. */
function keyCondition(relation: RelationMetadata, column: ColumnMetadata, value: unknown, from: From): Pieces {
  const { inverseEntityMetadata, joinColumns } = relation
  const key = referenced(column)
  const own = columnValueType(from.dataSource, key)
  const type: ValueType = {
    ...own,
    name: relation.propertyName,
    accept(each) {
      const { target } = inverseEntityMetadata
      if (typeof each !== 'object' || each === null || own.kind === 'unknown') return own.accept(each)
      if (typeof target !== 'function' || !(each instanceof target))
        throw new TypeError(`takes a record of ${inverseEntityMetadata.name}, or its key`)
      const held: unknown = key.getEntityValue(each)
      if (held === undefined || held === null) throw new TypeError('takes a record that has a key')
      return held
    },
  }
  if (joinColumns.length > 1 && typeof value !== 'object') {
    throw new InvalidFilterError(from.metadata.name, relation.propertyName, 'its key has several columns', 'Give a record.')
  }
  return operatorOf(value)
    .on(new Expression(() => ({ pieces: from.column(column), type })), from)
    .term(from).pieces
}

/** `EXISTS (SELECT … )` over the live records at the other end. */
function quantified(
  relation: RelationMetadata,
  quantifier: Quantifier,
  filter: unknown,
  from: From,
  depth: number,
  budget: Budget,
): Pieces {
  const to = new From(from.dataSource, relation.inverseEntityMetadata, from, new Source(relation.inverseEntityMetadata))
  const asked = filter === undefined ? undefined : conditionOf(filter, to, depth + 1, budget)
  const conditions: Pieces[] = [live(to)].filter((each) => each.length > 0)
  // Every record matches when there is none that does not; one whose condition is unknown does not match either.
  if (asked) conditions.push(quantifier === 'every' ? ['NOT COALESCE((', ...asked, '), FALSE)'] : ['(', ...asked, ')'])
  else if (quantifier === 'every') return ['1 = 1']
  const tables = linked(relation, from, to)
  const exists: Piece[] = ['EXISTS (SELECT 1', ...tables.from, ' WHERE ', ...joined([tables.on, ...conditions], ' AND '), ')']
  return quantifier === 'some' || quantifier === 'is' ? exists : ['NOT ', ...exists]
}

/** The tables of a relation seen from a record of `from`, and what ties them to it. */
function linked(relation: RelationMetadata, from: From, to: From): { readonly from: Pieces; readonly on: Pieces } {
  const columns = linkColumns(relation)
  if (!columns) return { from: to.clause, on: relatedBy(relation, from, to) }
  const { link, own, other } = columns
  const between = new From(from.dataSource, link, from)
  const leadingTo = (end: From) => (column: ColumnMetadata) => [...between.column(column), ' = ', ...end.column(referenced(column))]
  return {
    from: [...to.clause, ' INNER JOIN ', quotedTable(link), ' ', between.alias, ' ON ', ...joined(other.map(leadingTo(to)), ' AND ')],
    on: joined(own.map(leadingTo(from)), ' AND '),
  }
}
