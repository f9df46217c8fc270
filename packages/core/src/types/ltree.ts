import { type asks, type ColumnType, refuse } from './column-type.js'

declare const treeQuery: unique symbol

/** What `ancestorOf`, `descendantOf` and `matchesPath` ask; only for the type. @since 0.2 */
export interface TreeQuery {
  readonly [treeQuery]: true
}

/** A path of labels: a text, of which `ancestorOf` and its kin may ask. @since 0.2 */
export type TreePath = string & { readonly [asks]?: TreeQuery }

/** In characters: what each database can index. */
const longest = 768

const path = /^[A-Za-z0-9_]{1,255}(?:\.[A-Za-z0-9_]{1,255})*$/

/**
 * The place in a tree, as the labels on the way to it: `Top.Science.Astronomy`. A label has 1 to 255 letters, digits and `_` of ASCII,
 * a path 768 characters. It is asked by `ancestorOf`, `descendantOf` and `matchesPath`, and has an index. PostgreSQL keeps it as `ltree`,
 * whose extension `createAll` makes; the others keep a text.
 *
 * @since 0.2
 * @example
 * class Topic extends db.Model('Topic', { path: db.Column(db.LtreeType()) }) {}
 * await Topic.create({ path: 'Top.Science.Astronomy' })
 * await Topic.filter({ path: descendantOf('Top.Science') }).all()
 */
export function LtreeType(): ColumnType<TreePath> {
  return {
    kind: 'path',
    typeName: 'LtreeType',
    storage: (database) => (database === 'postgres' ? { type: 'ltree' } : { type: 'varchar', length: longest }),
    accept(value) {
      if (typeof value !== 'string' || value.length > longest || !path.test(value)) {
        refuse(`a path of letters, digits and _ like Top.Science.Astronomy, of at most ${longest} characters`, value)
      }
      return value
    },
    jsonSchema: { type: 'string', maxLength: longest, pattern: path.source },
    index: 'gist',
    definitions: ({ database }) => (database === 'postgres' ? [{ create: 'CREATE EXTENSION IF NOT EXISTS ltree' }] : []),
  }
}
