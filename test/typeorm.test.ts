import { expect, it } from 'vitest'
import { columns } from './conformance/typeorm/columns.ts'
import { finders } from './conformance/typeorm/finders.ts'
import { listeners } from './conformance/typeorm/listeners.ts'
import { relations } from './conformance/typeorm/relations.ts'
import { repositories } from './conformance/typeorm/repositories.ts'
import { schema } from './conformance/typeorm/schema.ts'
import { selectBuilder } from './conformance/typeorm/select-builder.ts'
import { shapes } from './conformance/typeorm/shapes.ts'
import { softDelete } from './conformance/typeorm/soft-delete.ts'
import { countOf, topicRows } from './conformance/typeorm/topic.ts'
import { transactions } from './conformance/typeorm/transactions.ts'
import { trees } from './conformance/typeorm/trees.ts'
import { writeBuilders } from './conformance/typeorm/write-builders.ts'
import { eachDatabase } from './matrix.ts'

const topics = [
  repositories,
  finders,
  softDelete,
  relations,
  trees,
  selectBuilder,
  writeBuilders,
  transactions,
  listeners,
  shapes,
  columns,
  schema,
]

eachDatabase('what TypeORM promises', (database) => {
  for (const topic of topics) topicRows(database, topic)
})

it('what TypeORM promises stands in at least 150 rows', () => {
  expect(topics.map(countOf).reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(150)
})
