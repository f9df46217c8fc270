/** A row as PostgreSQL takes it in a text: `("EUR",,"say ""so""")`. */
export function rowText(fields: readonly (string | null)[]): string {
  return `(${fields.map((field) => (field === null ? '' : `"${field.replace(/["\\]/g, '$&$&')}"`)).join(',')})`
}

/** The fields of a row of PostgreSQL's; `undefined` where the text is none. */
export function rowFields(text: string): (string | null)[] | undefined {
  if (!text.startsWith('(') || !text.endsWith(')')) return undefined
  const fields: (string | null)[] = []
  let at = 1
  while (at < text.length) {
    const [field = ''] = /^(?:"(?:[^"\\]|""|\\[^])*"|[^",()\\])*/.exec(text.slice(at)) ?? []
    at += field.length
    if (text[at] !== ',' && !(text[at] === ')' && at === text.length - 1)) return undefined
    at += 1
    fields.push(field === '' ? null : unquoted(field))
  }
  return fields
}

function unquoted(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replace(/(["\\])([^])/g, '$2') : field
}

/** Names that PostgreSQL's own types have, or its grammar: an own type of that name is not found by it. */
const reserved: ReadonlySet<string> = new Set(
  (
    'abstime aclitem bigint bigserial bit bool boolean box bpchar bytea char character cid cidr circle cstring date datemultirange daterange dec ' +
    'decimal double float float4 float8 inet int int2 int4 int8 integer interval json jsonb jsonpath line lseg macaddr macaddr8 money name ' +
    'national nchar none numeric nummultirange numrange oid out path point polygon precision real record refcursor row serial setof smallint ' +
    'smallserial text tid time timestamp timestamptz timetz trigger tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector unknown ' +
    'uuid values varbit varchar void xid xml all analyse analyze and any array as asc asymmetric both case cast check collate column ' +
    'constraint create current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end ' +
    'except false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not ' +
    'null offset on only or order placing primary references returning select session_user some symmetric system_user table then to ' +
    'trailing true union unique user using variadic when where window with authorization binary collation concurrently cross ' +
    'current_catalog current_schema freeze full ilike inner is isnull join left like natural notnull outer overlaps right similar ' +
    'tablesample verbose'
  ).split(' '),
)

/** Whether a type must have another name than that. */
export function isReservedType(name: string): boolean {
  return reserved.has(name) || name.startsWith('_')
}
