import type { Table, TableColumn, TableForeignKey } from 'typeorm'
import { isReserved } from '../mapping/column.js'
import { tableName } from '../mapping/table-name.js'

/** How the source of models is written. */
export interface SourceStyle {
  /** Where `db` is imported from. */
  readonly db: string
  readonly isTypeScript: boolean
  /** The name of a table as its database knows it, without the schema. */
  readonly nameOf: (table: string) => string
}

/** The columns that `db.Model` adds. */
const stamps = ['id', 'created_at', 'updated_at', 'is_deleted', 'deleted_at']

/** What a column of the database is here, by the type that it was found with. */
const types: readonly (readonly [RegExp, (column: TableColumn) => string])[] = [
  [/^(bool|boolean|tinyint)$/, () => 'Boolean'],
  [/^(int|integer|int2|int4|smallint|mediumint|serial|year)$/, () => 'Integer'],
  [/^(bigint|int8|bigserial)$/, () => 'BigInteger'],
  [/^(varchar|character varying|char|character|nvarchar|bpchar)$/, ({ length }) => (length ? `String(${length})` : 'Text')],
  [/text$|^(clob|enum|simple-enum|set)$/, () => 'Text'],
  [/^(numeric|decimal|dec)$/, ({ precision, scale }) => (precision ? `Numeric(${precision}, ${scale ?? 0})` : 'Numeric')],
  [/^(real|float|float4|float8|double|double precision)$/, () => 'Float'],
  [/^date$/, () => 'Date'],
  [/^time(?! *stamp)/, () => 'Time'],
  [/^(datetime|timestamp)/, () => 'DateTime'],
  [/^jsonb?$/, () => 'JSONType'],
  [/^uuid$/, () => 'UUID'],
  [/blob$|^(bytea|binary|varbinary)$/, () => 'LargeBinary'],
]

/** The source text of models for tables that are there: what has no word here is said in a comment. */
export function modelSource(tables: readonly Table[], style: SourceStyle): string {
  const classes = classNames(tables, style)
  const models = tables.map((table) => modelOf(table, classes, style))
  return [`import { db } from '${style.db}'`, ...models].join('\n\n')
}

function classNames(tables: readonly Table[], { nameOf }: SourceStyle): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const { name } of tables) {
    const words = nameOf(name).split(/[^A-Za-z\d]+/)
    const plain = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
    const legal = /^[A-Z]/.test(plain) ? plain : `T${plain}`
    let free = legal
    for (let count = 2; taken.has(free); count++) free = `${legal}${count}`
    taken.add(free)
    names.set(name, free)
  }
  return names
}

function modelOf(table: Table, classes: ReadonlyMap<string, string>, style: SourceStyle): string {
  const name = classes.get(table.name) ?? table.name
  const isStamped = stamps.every((stamp) => table.columns.some((column) => column.name === stamp)) && isUsualKey(table)
  const rest = table.columns.filter((column) => !isStamped || !stamps.includes(column.name))
  const relations = relationsOf(table, classes)
  const keys = new Set(relations.map(({ column }) => column))
  const columns = rest.filter((column) => !keys.has(column)).map((column) => columnOf(column, table))
  const own = style.nameOf(table.name)
  const settings = tableName(name) === own ? '' : `, { tableName: ${quoted(own)} }`
  const body = relations.flatMap(({ line }) => [`    ${line}`])
  const fields = style.isTypeScript ? relations.map(({ property, related }) => `  declare ${property}?: ${related}`) : []
  return [
    `export class ${name} extends db.${isStamped ? 'Model' : 'BaseModel'}('${name}', {`,
    ...columns.map((line) => `  ${line}`),
    ...(body.length === 0
      ? [`}${settings}) {}`]
      : [`}${settings}) {`, '  static relations = this.relate({', ...body, '  })', ...fields, '}']),
  ].join('\n')
}

/** Whether the key is one that the database counts. */
function isUsualKey({ primaryColumns: [key, ...more] }: Table): boolean {
  return more.length === 0 && key?.name === 'id' && key.isGenerated && typeOf(key) === 'Integer'
}

/** A relation, as it is written. */
interface Relation {
  readonly column: TableColumn
  readonly property: string
  readonly related: string
  readonly line: string
}

/** Foreign keys of one column to the key of another model; a key that is more than that stays a column. */
function relationsOf(table: Table, classes: ReadonlyMap<string, string>): Relation[] {
  return table.foreignKeys.flatMap((key: TableForeignKey) => {
    const column = table.columns.find(({ name }) => name === key.columnNames[0])
    const target = [...classes.keys()].find((name) => [name, name.split('.').at(-1)].includes(key.referencedTableName))
    const related = target === undefined ? undefined : classes.get(target)
    if (key.columnNames.length > 1 || !column || column.isPrimary || related === undefined || key.referencedColumnNames[0] !== 'id')
      return []
    const property = propertyOf(column.name.replace(/_id$/, ''))
    const isUnique = column.isUnique
    const options = [
      ...(`${tableName(property)}_id` === column.name ? [] : [`joinColumn: ${quoted(column.name)}`]),
      ...(isUnique && `${tableName(property)}_id` === column.name ? ['joinColumn: true'] : []),
      ...(column.isNullable ? [] : ['nullable: false']),
      ...(key.onDelete && key.onDelete !== 'NO ACTION' && key.onDelete !== 'RESTRICT' ? [`onDelete: ${quoted(key.onDelete)}`] : []),
    ]
    const given = options.length > 0 ? `, { ${options.join(', ')} }` : ''
    return [{ column, property, related, line: `${property}: db.${isUnique ? 'OneToOne' : 'ManyToOne'}(() => ${related}${given}),` }]
  })
}

function columnOf(column: TableColumn, table: Table): string {
  const property = propertyOf(column.name)
  const type = typeOf(column)
  const options = [
    ...(tableName(property) === column.name ? [] : [`name: ${quoted(column.name)}`]),
    ...(column.isPrimary ? ['primary: true'] : []),
    ...(column.isGenerated ? [column.generationStrategy === 'uuid' ? "generated: 'uuid'" : 'generated: true'] : []),
    ...(column.isNullable ? ['nullable: true'] : []),
    ...(column.isUnique ? ['unique: true'] : []),
    ...(table.indices.some(({ isUnique, columnNames }) => !isUnique && columnNames.length === 1 && columnNames[0] === column.name)
      ? ['index: true']
      : []),
    ...(column.default === undefined || column.default === null || column.isGenerated
      ? []
      : [`serverDefault: ${quoted(String(column.default))}`]),
  ]
  const given = options.length > 0 ? `, { ${options.join(', ')} }` : ''
  const remark = type === undefined ? ` // ${column.type} of the database` : ''
  return `${property}: db.Column(db.${type ?? 'Text'}${given}),${remark}`
}

function typeOf(column: TableColumn): string | undefined {
  const type = column.type.toLowerCase()
  return types.find(([pattern]) => pattern.test(type))?.[1](column)
}

/** `created_at` is `createdAt`; what a record has already gets another name. */
function propertyOf(column: string): string {
  const words = column.split(/[^A-Za-z\d]+/).filter(Boolean)
  const joined = words
    .map((word, index) => (index === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join('')
  const legal = /^[a-z]/.test(joined) ? joined : `c${joined}`
  return isReserved(legal) ? `${legal}Column` : legal
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
