// The operators by name: exports of the package, and on `db.op`, where an import would be in the way.
export {
  and,
  between,
  contains,
  endsWith,
  eq,
  every,
  gt,
  gte,
  ilike,
  is,
  isNull,
  like,
  lt,
  lte,
  ne,
  none,
  not,
  oneOf,
  operator,
  or,
  some,
  startsWith,
} from './operators.js'
export { containsValue, overlaps, within } from './range-operators.js'
export { match } from './search-operators.js'
export { ancestorOf, descendantOf, matchesPath } from './tree-operators.js'
