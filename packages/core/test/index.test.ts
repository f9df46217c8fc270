import { expect, it } from 'vitest'
import * as index from '../src/index.js'

it('exports its public names, and no helper', () => {
  const names = Object.keys(index).filter((name) => !name.endsWith('Error'))
  expect(names.sort()).toEqual([
    'ActiveAlchemy',
    'BaseModel',
    'DateTime',
    'Expression',
    'Model',
    'Operator',
    'Paginator',
    'Query',
    'RecordPromise',
    'Session',
    'Sql',
    'SqlQuery',
    'and',
    'between',
    'gt',
    'gte',
    'isNull',
    'lt',
    'lte',
    'not',
    'oneOf',
    'or',
    'renderPagination',
  ])
})
