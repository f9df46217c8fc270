import { ActiveAlchemy, type AdoptOptions } from '@active-alchemy/core'
import {
  BaseEntity,
  Column,
  DataSource,
  type DataSourceOptions,
  DeleteDateColumn,
  Entity,
  EntitySchema,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  Tree,
  TreeChildren,
  TreeParent,
} from 'typeorm'
import type { TestDatabase } from '../databases/database.ts'

/** A member of the application that is adopted: an active record of TypeORM's. */
export class Member extends BaseEntity {
  declare memberId: number
  declare fullName: string
  declare visits: number
  declare leftAt: Date | null
  declare articles?: Article[]
}
Entity()(Member)
PrimaryGeneratedColumn()(Member.prototype, 'memberId')
Column('varchar', { length: 25 })(Member.prototype, 'fullName')
Column('int', { default: 0 })(Member.prototype, 'visits')
DeleteDateColumn()(Member.prototype, 'leftAt')
OneToMany(
  () => Article,
  (article: Article) => article.writer,
)(Member.prototype, 'articles')

/** A plain entity, for repositories. */
export class Article {
  declare id: number
  declare mainTitle: string
  declare writer: Member | null
  declare readers?: Member[]
}
Entity()(Article)
PrimaryGeneratedColumn()(Article.prototype, 'id')
Column('varchar', { length: 80 })(Article.prototype, 'mainTitle')
ManyToOne(
  () => Member,
  (member: Member) => member.articles,
  { nullable: true },
)(Article.prototype, 'writer')

ManyToMany(() => Member)(Article.prototype, 'readers')
JoinTable({ name: 'article_readers' })(Article.prototype, 'readers')

/** A tree. */
export class Topic {
  declare id: number
  declare name: string
  declare above: Topic | null
  declare below: Topic[]
}
Entity()(Topic)
Tree('closure-table')(Topic)
PrimaryGeneratedColumn()(Topic.prototype, 'id')
Column('varchar', { length: 25 })(Topic.prototype, 'name')
TreeParent()(Topic.prototype, 'above')
TreeChildren({ cascade: true })(Topic.prototype, 'below')

/** An entity of plain JavaScript. */
export const Label = new EntitySchema<{ id: number; word: string }>({
  name: 'Label',
  columns: { id: { type: Number, primary: true, generated: true }, word: { type: String, length: 25 } },
})

/** What an application of TypeORM has in its data-source file. */
export function optionsOf(uri: string, more: Partial<DataSourceOptions> = {}): DataSourceOptions {
  const [scheme = ''] = uri.split(':')
  const way =
    scheme === 'sqlite'
      ? { type: 'better-sqlite3', database: uri.replace('sqlite:///', '') }
      : { type: scheme === 'mysql' ? 'mariadb' : 'postgres', url: uri }
  return { entities: [Member, Article, Topic, Label], synchronize: true, ...way, ...more } as DataSourceOptions
}

/** An application that was adopted. */
export interface Adopted {
  readonly db: ActiveAlchemy
  /** The data source as the application has it. */
  readonly app: DataSource
  readonly uri: string
}

/** How an application comes to us. */
export type Way = 'its options' | 'its data source' | 'its connected data source'

/** The ways that a database has. */
export function waysOf({ name }: TestDatabase): Way[] {
  return name.startsWith('sqlite') ? ['its options'] : ['its options', 'its data source', 'its connected data source']
}

/** Runs `row` in an application that was adopted. @param before What it takes of its data source before that. */
export async function inAdopted<Taken>(
  database: TestDatabase,
  way: Way,
  before: (app: DataSource) => Taken,
  row: (adopted: Adopted, taken: Taken) => Promise<void>,
  options: { readonly typeorm?: Partial<DataSourceOptions>; readonly adopt?: AdoptOptions } = {},
): Promise<void> {
  const fresh = await database.create()
  const given = optionsOf(fresh.uri, options.typeorm)
  const own = way === 'its options' ? undefined : new DataSource(given)
  if (way === 'its connected data source') await own?.initialize()
  const taken = own && before(own)
  const db = ActiveAlchemy.from(own ?? given, options.adopt)
  const app = own ?? db.dataSource
  try {
    await app.initialize()
    await row({ db, app, uri: fresh.uri }, taken ?? before(app))
  } finally {
    await db.close()
    await fresh.drop()
  }
}
