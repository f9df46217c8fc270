import {
  ActiveAlchemy,
  ancestorOf,
  descendantOf,
  match,
  matchesPath,
  not,
  or,
  type SearchVector,
  type TreePath,
} from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class Topic extends db.Model('Topic', {
  path: db.Column(db.LtreeType()),
  other: db.Column(db.LtreeType(), { nullable: true }),
  name: db.Column(db.String(20)),
  words: db.Column(db.Integer, { default: 0 }),
  search: db.Column(db.TSVectorType(['name'], { config: 'english' })),
}) {}

const topic = await Topic.create({ path: 'Top.Science', name: 'Science' })
const path: string = topic.path
expectTypeOf(topic.other).toEqualTypeOf<TreePath | null>()
expectTypeOf(topic.search).toEqualTypeOf<SearchVector | undefined>()
void topic.update({ path: `${path}.Astronomy`, other: null })
topic.path = 'Top'
Topic.filter({ path: 'Top.Science' })
Topic.filter({ path: ancestorOf('Top'), other: descendantOf(topic.path) })
Topic.filter({ path: or(matchesPath('Top.*'), not(ancestorOf('Top'))), search: match('quick fox') })
Topic.filter((each) => each.path.matches(descendantOf('Top')).and(each.search.matches(match('fox'))))
Topic.filter((each) => each.other.matches(descendantOf('Top')).or(each.path.startsWith('Top')))
Topic.filter({ path: db.op.ancestorOf('Top'), search: db.op.match('fox') })
// @ts-expect-error a text is no path
Topic.filter({ name: ancestorOf('Top') })
// @ts-expect-error nor is a number
Topic.filter({ words: matchesPath('Top') })
// @ts-expect-error nor is it in an expression
Topic.filter((each) => each.name.matches(descendantOf('Top')))
// @ts-expect-error a path is not searched
Topic.filter({ path: match('Top') })
// @ts-expect-error nor is a text
Topic.filter({ name: match('fox') })
// @ts-expect-error what is searched is not compared
Topic.filter({ search: 'fox' })
// @ts-expect-error its database computes it
void Topic.create({ path: 'Top', name: 'x', search: 'fox' })
// @ts-expect-error nor is it changed
void topic.update({ search: 'fox' })
// @ts-expect-error a path is a text
void Topic.create({ path: ['Top'], name: 'x' })
// @ts-expect-error its columns are a list
db.TSVectorType('name')
// @ts-expect-error it has no default
db.Column(db.TSVectorType(['name']), { default: 'x' })

class Decorated extends db.Model {
  @db.Column(db.LtreeType()) declare path: TreePath
  @db.Column(db.LtreeType()) declare asText: string
  @db.Column(db.TSVectorType(['asText'])) declare readonly search: SearchVector | undefined
  // @ts-expect-error no number
  @db.Column(db.LtreeType()) declare wrong: number
}
Decorated.filter({ path: ancestorOf('Top'), search: match('fox') })
const own = await Decorated.create({ path: 'Top', asText: 'Top' })
expectTypeOf(own.path).toEqualTypeOf<TreePath>()
