import { ModelDefinitionError } from '../../errors.js'
import type { TypeDefinition } from '../../types/column-type.js'
import type { DriverRunner, TypeChanges } from '../driver.js'

/** Columns of a composite type, by name in their order, with their types as PostgreSQL writes them. */
type Attributes = ReadonlyMap<string, string>

/**
 * How composite types differ from their definitions. PostgreSQL itself reads these, as types that are never committed: it alone knows that
 * `varchar(3)` is `character varying(3)`.
 *
 * @throws {ModelDefinitionError} A definition has its columns in another order than the type: values are read by their places.
 */
export async function compositeChanges(runner: DriverRunner, definitions: readonly TypeDefinition[]): Promise<TypeChanges> {
  const composites = new Map(definitions.flatMap(({ composite }) => (composite ? [[composite.name, composite]] : [])))
  const present = new Map<string, Attributes>()
  for (const name of composites.keys()) present.set(name, await attributesOf(runner, name))
  const changes: TypeChanges = { first: [], last: [], undoFirst: [], undoLast: [] }
  await runner.begin()
  try {
    for (const { create } of definitions) await runner.query(create)
    for (const { name, columns } of composites.values()) {
      const found = present.get(name)
      if (!found || found.size === 0) {
        // Others may have come to use it.
        changes.undoLast.unshift(`DO $$ BEGIN DROP TYPE IF EXISTS ${name}; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END $$`)
        continue
      }
      await runner.query(`CREATE TYPE pg_temp.${name} AS (${columns})`)
      compare(name, found, await attributesOf(runner, `pg_temp.${name}`), changes)
    }
  } finally {
    await runner.rollback()
  }
  return changes
}

async function attributesOf(runner: DriverRunner, name: string): Promise<Attributes> {
  const rows: { readonly name: string; readonly type: string }[] = await runner.query(
    `SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
      WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [name],
  )
  return new Map(rows.map((row) => [row.name, row.type]))
}

function compare(name: string, found: Attributes, wanted: Attributes, { first, last, undoFirst, undoLast }: TypeChanges): void {
  const change = (what: string): string => `ALTER TYPE ${name} ${what} CASCADE`
  const added = [...wanted].filter(([column]) => !found.has(column))
  const kept = [...found.keys()].filter((column) => wanted.has(column))
  if ([...kept, ...added.map(([column]) => column)].join() !== [...wanted.keys()].join()) {
    const order = [...kept, ...added.map(([column]) => column)].join(', ')
    throw new ModelDefinitionError(
      `of CompositeType ${name}`,
      'its columns stand in another order than those of its type on the database',
      `PostgreSQL adds new ones at the end: write ${order}.`,
    )
  }
  for (const [column, type] of added) {
    first.push(change(`ADD ATTRIBUTE ${column} ${type}`))
    undoLast.push(change(`DROP ATTRIBUTE ${column}`))
  }
  for (const [column, type] of found) {
    const other = wanted.get(column)
    if (other === undefined) {
      last.push(change(`DROP ATTRIBUTE ${column}`))
      undoFirst.push(change(`ADD ATTRIBUTE ${column} ${type}`))
    } else if (other !== type) {
      first.push(change(`ALTER ATTRIBUTE ${column} TYPE ${other}`))
      undoLast.push(change(`ALTER ATTRIBUTE ${column} TYPE ${type}`))
    }
  }
}
