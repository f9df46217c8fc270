import * as types from '../types/index.js'

/** All data types by name: `db.utils`. @since 0.2 */
export interface DataTypes extends Readonly<typeof types> {}

/** All data types by name. */
export const utils: DataTypes = types

// The words that models are defined with; `db` has each of them.
export { Check, Index, JoinColumn, JoinTable, Unique } from 'typeorm'
export { func } from '../query/func.js'
/** The operators of conditions by name: `db.op.gt(3)` is `gt(3)`. @since 0.2 */
export * as op from '../query/op.js'
export * from '../types/index.js'
export { column as Column, Version } from '../mapping/column.js'
export { ManyToMany, ManyToOne, OneToMany, OneToOne } from '../mapping/relation.js'
