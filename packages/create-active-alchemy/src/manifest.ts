/** What a layer adds to package.json. */
export interface Manifest {
  readonly [field: string]: unknown
}

const order = ['name', 'version', 'private', 'type', 'engines', 'active-alchemy', 'scripts', 'dependencies', 'devDependencies']
const sorted = new Set(['dependencies', 'devDependencies'])

/** One package.json of many parts: objects are joined, and of dependencies the names sorted. */
export function merged(parts: readonly Manifest[]): Manifest {
  const all = new Map<string, unknown>()
  for (const [field, value] of parts.flatMap((part) => Object.entries(part))) {
    const before = all.get(field)
    all.set(field, isObject(before) && isObject(value) ? { ...before, ...value } : value)
  }
  const place = (field: string): number => (order.includes(field) ? order.indexOf(field) : order.length)
  const fields = [...all].sort(([left], [right]) => place(left) - place(right))
  return Object.fromEntries(fields.map(([field, value]) => [field, sorted.has(field) && isObject(value) ? byName(value) : value]))
}

function byName(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
