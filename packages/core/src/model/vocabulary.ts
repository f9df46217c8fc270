import { escapeLike } from '../drivers/dialect.js'
import * as types from '../types/index.js'
import { hasChanges } from './changes.js'
import { createDatabase, databaseExists, dropDatabase } from './databases.js'
import { hasIndex, hasUniqueIndex } from './indexes.js'
import { proxyDict } from './proxy-dict.js'

const functions = { createDatabase, databaseExists, dropDatabase, escapeLike, hasChanges, hasIndex, hasUniqueIndex, proxyDict }

/** What the Python original's users find in SQLAlchemy-Utils: all data types by name, and functions: `db.utils`. @since 0.2 */
export interface DataTypes extends Readonly<typeof types>, Readonly<typeof functions> {}

/** All data types by name, and functions. */
export const utils: DataTypes = { ...types, ...functions }

// The words that models are defined with; `db` has each of them.
export { Check, Index, JoinColumn, JoinTable, Unique } from 'typeorm'
export { func } from '../query/func.js'
/** The operators of conditions by name: `db.op.gt(3)` is `gt(3)`. @since 0.2 */
export * as op from '../query/op.js'
export * from '../types/index.js'
export { Aggregated } from '../mapping/aggregate.js'
export { column as Column, Version } from '../mapping/column.js'
export { ManyToMany, ManyToOne, OneToMany, OneToOne } from '../mapping/relation.js'
