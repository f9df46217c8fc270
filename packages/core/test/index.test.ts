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
    'Paginator',
    'Query',
    'RecordPromise',
    'Session',
    'Sql',
    'SqlQuery',
    'renderPagination',
  ])
})
