import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { InvalidValueError, type ValueFault } from '../errors.js'
import { after, caught, type Eventual } from '../eventual.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import type { SchemaIssue, SchemaProperties, SchemaResult } from '../mapping/standard-schema.js'
import { type Examined, examine, put } from '../plan/assignment.js'
import { completeValues } from '../plan/values.js'

/**
 * A model as a schema: it says of values whether `create` takes them, and gives them as they would be kept. It sends nothing, but for
 * what a check of the application asks.
 *
 * @param make A new record without values.
 */
export function schemaOf(metadata: () => EntityMetadata, make: () => ObjectLiteral): SchemaProperties<object, object> {
  return {
    version: 1,
    vendor: 'active-alchemy',
    validate: (values) => caught(() => validated(metadata(), make, values), issuesOf),
  }
}

function validated(metadata: EntityMetadata, make: () => ObjectLiteral, values: unknown): Eventual<SchemaResult<object>> {
  const examined = examine(values, metadata, 'create')
  const refused = examined.refused.map(([key, error]): ValueFault => ({ column: key, message: error.message, code: error.code }))
  const record = make()
  put(record, metadata, examined)
  // It is never written: what is wrong with it is found on the way to that.
  const completed = completeValues(record, metadata, [...examined.faults, ...refused])
  return after(completed, () => ({ value: kept(record, metadata, examined) }))
}

/** The values that were given, as they would be kept. */
function kept(record: ObjectLiteral, metadata: EntityMetadata, { accepted }: Examined): object {
  return Object.fromEntries(accepted.map(([key, value]) => [key, foreignKeys(metadata).has(key) ? value : record[key]]))
}

function issuesOf(error: unknown): SchemaResult<object> {
  if (!(error instanceof InvalidValueError)) throw error
  return { issues: error.errors.map(issueOf) }
}

function issueOf({ column, message, path = column === '*' ? [] : [column] }: ValueFault): SchemaIssue {
  return { message, path }
}
