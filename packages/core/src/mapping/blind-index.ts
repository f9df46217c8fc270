import { ModelDefinitionError } from '../errors.js'
import { String } from '../types/string.js'
import { type ColumnDefinition, type ColumnOptions, column, ownColumns } from './column.js'

/**
 * Adds to a class the columns by which its encrypted ones are found: they have the indexes that were asked for, since of what is
 * encrypted no two values are equal.
 *
 * @throws {ModelDefinitionError} A secret column is to be a key, or its values to be compared.
 */
// oxlint-disable-next-line typescript/no-unsafe-function-type -- what TypeORM calls a target
export function addBlindIndexes(owner: Function): void {
  for (const [property, { type, options }] of Array.from(ownColumns(owner))) {
    if (type.kind !== 'secret') continue
    refuseComparison(owner.name, property, { type, options })
    const name = type.blindIndex?.column
    if (name === undefined || ownColumns(owner).has(name)) continue
    const { unique = false } = options
    ownColumns(owner).set(name, column(String(64), { nullable: true, hidden: true, ...(unique ? { unique } : { index: true }) }))
  }
}

function refuseComparison(model: string, property: string, { type, options }: ColumnDefinition): void {
  const refuse = (fact: string, remedy: string): never => {
    throw new ModelDefinitionError(model, `its column ${property} is secret and ${fact}`, remedy)
  }
  const { primary, generated, unique, index, serverDefault, default: value } = options
  if (primary || generated) refuse('the key', 'Give it another key.')
  if (type.blindIndex === undefined && (unique || index)) {
    refuse('unique or indexed', 'Give it a blindIndex, which takes both, or leave them out.')
  }
  if (serverDefault !== undefined || (value !== undefined && value !== null && typeof value !== 'function')) {
    refuse('has a default that its table would tell', 'Give a function.')
  }
}

/** The indexes of a column itself: those of an encrypted one are its index's. */
export function ownIndexes({ type, options }: ColumnDefinition): Pick<ColumnOptions<unknown>, 'unique' | 'index'> {
  const { unique = false, index = false } = type.kind === 'secret' ? {} : options
  return { unique, index }
}
