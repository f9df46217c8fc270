import { ActiveAlchemy } from '@active-alchemy/nest'
import type { INestApplication, ModuleMetadata } from '@nestjs/common'
import { Module } from '@nestjs/common'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { NestFactory } from '@nestjs/core'
import { noteModel } from '../conformance/world.ts'
import type { FreshDatabase } from '../databases/database.ts'
import { sqliteFile } from '../databases/sqlite.ts'

/** The two platforms that Nest runs on. */
export const platforms = ['express', 'fastify'] as const
export type Platform = (typeof platforms)[number]

/** A database of one test, with the model of the suite. */
export interface Store {
  readonly db: ActiveAlchemy
  readonly Note: ReturnType<typeof noteModel>
  /** Texts of the notes that are committed, as another connection sees them. */
  texts(): Promise<string[]>
  breakCommit(): Promise<void>
  end(): Promise<void>
}

export async function openStore(): Promise<Store> {
  const fresh: FreshDatabase = await sqliteFile.create()
  const [db, witness] = [new ActiveAlchemy(fresh.uri), new ActiveAlchemy(fresh.uri)]
  const [Note, Seen] = [noteModel(db), noteModel(witness)]
  await db.createAll()
  for (const sql of sqliteFile.prepareBreak) await db.dataSource.query(sql)
  return {
    db,
    Note,
    texts: async () => (await Seen.query().orderBy('id').all()).map(({ text }) => text),
    async breakCommit() {
      for (const sql of sqliteFile.breakCommit) await db.session.manager.query(sql)
    },
    async end() {
      await db.close()
      await witness.close()
      await fresh.drop()
    },
  }
}

/** Makes an application of one module; `listen` starts it. */
export async function create(platform: Platform, metadata: ModuleMetadata): Promise<INestApplication> {
  class Root {}
  Module(metadata)(Root)
  const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter()
  return NestFactory.create(Root, adapter, { logger: false, abortOnError: false })
}

/** Starts an application on a free port of loopback. */
export async function listen(app: INestApplication): Promise<string> {
  await app.listen(0, '127.0.0.1')
  return (await app.getUrl()).replace('[::1]', '127.0.0.1')
}
