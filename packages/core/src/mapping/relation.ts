import type { RelationOptions } from 'typeorm'
import { decorate } from './column.js'
import type { ModelClass } from './model-class.js'

/** How many records stand at either end. */
type RelationKind = 'one-to-one' | 'one-to-many' | 'many-to-one' | 'many-to-many'

/** How a relation is stored, beside TypeORM's options. @since 0.1 */
export interface OwnRelationOptions extends RelationOptions {
  /** Whether this side of a one-to-one holds the key; its column, if not `property_id`. @default false */
  readonly joinColumn?: boolean | string
  /** Whether this side of a many-to-many owns the table between; its name, if not made from both. @default false */
  readonly joinTable?: boolean | string
}

/** A relation of a model: in `static relations = this.relate({ … })`, or as a decorator of a property. @since 0.1 */
export interface RelationDefinition {
  (target: object, key: string): void
  readonly kind: RelationKind
  /** Gives the related model, which may be defined later. */
  readonly related: () => ModelClass
  /** Property of the related model that leads back. */
  readonly inverse: string | undefined
  readonly options: OwnRelationOptions
}

/** Relations that were defined on a class itself, by property. */
const relations = new WeakMap<object, Map<string, RelationDefinition>>()

/** The relations that were defined on `target` itself, by property. */
export function ownRelations(target: object): Map<string, RelationDefinition> {
  let own = relations.get(target)
  if (!own) relations.set(target, (own = new Map()))
  return own
}

/** Whether `value` was made by `db.OneToMany` or one of its like. */
export function isRelation(value: unknown): value is RelationDefinition {
  return typeof value === 'function' && 'kind' in value && 'related' in value
}

/** A class whose records are related. */
type Related<T extends object> = abstract new (...values: never[]) => T

/** A property of the related model. */
type InverseOf<T> = keyof T & string

function define(
  kind: RelationKind,
  related: () => ModelClass,
  inverse?: string | OwnRelationOptions,
  options?: OwnRelationOptions,
): RelationDefinition {
  const decorator = (target: object, key: string): void => {
    decorate(target, key, 'relation', (owner) => ownRelations(owner).set(key, definition))
  }
  const definition: RelationDefinition = Object.assign(decorator, {
    kind,
    related,
    inverse: typeof inverse === 'string' ? inverse : undefined,
    options: (typeof inverse === 'string' ? options : inverse) ?? {},
  })
  return definition
}

/**
 * The other record that this one belongs to; the column is `property_id`.
 *
 * @param related Gives the related model: `() => User`.
 * @param inverse Property of the related model that leads back.
 * @example
 * class Post extends db.Model('Post', { title: db.Column(db.String(80)) }) {
 *   static relations = this.relate({ author: db.ManyToOne(() => User, 'posts') })
 *   declare author: User
 * }
 */
export function ManyToOne<T extends object>(
  related: () => Related<T>,
  inverse?: InverseOf<T> | OwnRelationOptions,
  options?: OwnRelationOptions,
): RelationDefinition {
  return define('many-to-one', related, inverse, options)
}

/** The records that belong to this one. @param inverse Property of the related model that leads back. */
export function OneToMany<T extends object>(
  related: () => Related<T>,
  inverse: InverseOf<T>,
  options?: OwnRelationOptions,
): RelationDefinition {
  return define('one-to-many', related, inverse, options)
}

/** The one record beside this one; the side with `{ joinColumn: true }` holds the key. */
export function OneToOne<T extends object>(
  related: () => Related<T>,
  inverse?: InverseOf<T> | OwnRelationOptions,
  options?: OwnRelationOptions,
): RelationDefinition {
  return define('one-to-one', related, inverse, options)
}

/** Records on both sides; the side with `{ joinTable: true }` owns the table between. */
export function ManyToMany<T extends object>(
  related: () => Related<T>,
  inverse?: InverseOf<T> | OwnRelationOptions,
  options?: OwnRelationOptions,
): RelationDefinition {
  return define('many-to-many', related, inverse, options)
}
