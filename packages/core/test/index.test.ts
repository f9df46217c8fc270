import { expect, it } from 'vitest'
import * as index from '../src/index.js'

it('exports its public names, and no helper', () => {
  const names = Object.keys(index).filter((name) => !name.endsWith('Error'))
  expect(names.sort()).toEqual([
    'ActiveAlchemy',
    'BaseModel',
    'Condition',
    'CursorPage',
    'DateTime',
    'Expression',
    'Model',
    'Ordering',
    'Paginator',
    'Query',
    'RecordPromise',
    'Session',
    'Sql',
    'SqlQuery',
    'and',
    'between',
    'contains',
    'endsWith',
    'eq',
    'every',
    'gt',
    'gte',
    'ilike',
    'is',
    'isNull',
    'like',
    'lt',
    'lte',
    'ne',
    'none',
    'not',
    'oneOf',
    'or',
    'renderPagination',
    'some',
    'startsWith',
  ])
})
