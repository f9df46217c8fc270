import type { EntityMetadata } from 'typeorm'
import { UnsupportedError } from '../errors.js'

/** @throws {UnsupportedError} It is a view, whose rows are those of other tables. */
export function refuseView({ tableType, name }: EntityMetadata): void {
  if (tableType === 'view') throw new UnsupportedError(`A write to ${name}`, 'It is a view: write the records that it is made of.')
}
