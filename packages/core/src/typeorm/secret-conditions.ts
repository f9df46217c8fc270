import { type EntityMetadata, FindOperator, In, Not } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import { columnType } from '../mapping/mapped-column.js'
import { isObject } from '../options.js'
import { blindIndexOf } from '../plan/secrets.js'

/**
 * Conditions of TypeORM in which a secret is asked for as our filter asks for it: an encrypted column by its blind index, where it has one.
 * Of anything else nothing would be found, since no two of the same value are stored alike.
 *
 * @param prefix Path of the embedded object that they are of.
 * @throws {InvalidFilterError} A secret cannot be asked for so. Status 400.
 */
export function knowingSecrets<Where>(where: Where, metadata: EntityMetadata | undefined, prefix = ''): Where {
  if (!metadata?.columns.some(isSecret)) return where
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same conditions, or by other columns of the same entity
  if (Array.isArray(where)) return where.map((each: unknown) => knowingSecrets(each, metadata, prefix)) as Where
  if (!isObject(where)) return where
  const known: Record<string, unknown> = Object.fromEntries(Object.entries(where))
  for (const [property, value] of Object.entries(where)) {
    const column = metadata.findColumnWithPropertyPathStrict(prefix + property)
    if (!column || !isSecret(column) || value === undefined || value === null) continue
    const sought = new SoughtSecret(column)
    const condition = sought.condition(value)
    if (condition === value) continue
    delete known[property]
    known[sought.index] = condition
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  return known as Where
}

function isSecret(column: ColumnMetadata): boolean {
  return columnType(column).kind === 'secret'
}

/** A secret that a condition names. */
class SoughtSecret {
  readonly #column: ColumnMetadata
  readonly #blind: ReturnType<typeof blindIndexOf>

  constructor(column: ColumnMetadata) {
    this.#column = column
    this.#blind = blindIndexOf(column)
  }

  /** Property of the column by which it is found. */
  get index(): string {
    return this.#blind?.column.propertyName ?? this.#column.propertyName
  }

  /** What its blind index is held to; whether there is a value shows in the column itself. */
  condition(value: unknown): unknown {
    if (!(value instanceof FindOperator)) return In(this.#marks([value]))
    const { type, child }: FindOperator<unknown> = value
    if (type === 'isNull' || (type === 'not' && child?.type === 'isNull')) return value
    if (type === 'not') return Not(this.condition(child ?? value.value))
    if (type === 'equal') return In(this.#marks([value.value]))
    if (type === 'in' && Array.isArray(value.value)) return In(this.#marks(value.value))
    return this.#refuse()
  }

  #marks(values: readonly unknown[]): string[] {
    const blind = this.#blind ?? this.#refuse()
    const { entityMetadata, propertyName } = this.#column
    return values.flatMap((value) => {
      try {
        return blind.of(columnType(this.#column).accept(value))
      } catch (error) {
        if (error instanceof TypeError) throw new InvalidFilterError(entityMetadata.name, propertyName, `it ${error.message}`)
        throw error
      }
    })
  }

  #refuse(): never {
    throw new InvalidFilterError(
      this.#column.entityMetadata.name,
      this.#column.propertyName,
      'it is secret, and neither compared nor sorted by',
      'Of an encrypted column, a blindIndex finds equal values.',
    )
  }
}
