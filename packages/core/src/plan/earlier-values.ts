import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { InvalidValueError } from '../errors.js'
import { caught, type Eventual } from '../eventual.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import { holdKey, keySet } from './foreign-key.js'
import { recordState, setRecordState } from './record-state.js'
import { hasRules } from './rules.js'

/**
 * Sets values of a record and writes it; where its rules refuse them, the record is as it was before.
 *
 * @param values What is about to be set, by property.
 */
export function orAsBefore<T>(record: ObjectLiteral, metadata: EntityMetadata, values: unknown, work: () => Eventual<T>): Eventual<T> {
  if (!hasRules(metadata) || typeof values !== 'object' || values === null) return work()
  const { named } = recordState(record)
  const keys = foreignKeys(metadata)
  const before = Object.keys(values).map((name) => {
    const key = keys.get(name)
    const property = key?.propertyName ?? name
    return { property, hasValue: Object.hasOwn(record, property), value: record[property] as unknown, key, set: key && keySet(key, record) }
  })
  return caught(work, (error) => {
    if (error instanceof InvalidValueError) {
      for (const { property, hasValue, value, key, set } of before) {
        if (hasValue) record[property] = value
        else if (Object.hasOwn(record, property)) Reflect.deleteProperty(record, property)
        if (key) holdKey(key, record, set)
      }
      const { named: _named, ...state } = recordState(record)
      setRecordState(record, named ? { ...state, named } : state)
    }
    throw error
  })
}
