import { ActiveAlchemy, AlchemyModule } from '@active-alchemy/nest'
import { Controller, Get, HttpException, Inject, Param, Post } from '@nestjs/common'
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm'
import { Column, type DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm'
import { describe, expect, it } from 'vitest'
import { optionsOf } from '../conformance/adopted.ts'
import type { TestDatabase } from '../databases/database.ts'
import { servers } from '../matrix.ts'
import { create, listen } from './application.ts'

@Entity()
class Bill {
  @PrimaryGeneratedColumn() declare id: number
  @Column({ type: 'varchar', length: 25 }) declare text: string
}

/** An application of Nest as one finds it, with the lines that adopt it. */
async function adopted(database: TestDatabase, way: 'its options' | 'its data source', names: readonly (string | undefined)[]) {
  const fresh = await Promise.all(names.map(() => database.create()))
  @Controller('bills')
  class Bills {
    constructor(@Inject(getRepositoryToken(Bill, names.at(-1))) private readonly bills: Repository<Bill>) {}
    @Post(':end')
    async create(@Param('end') end: string): Promise<object> {
      await this.bills.save({ text: end })
      await this.bills.manager.transaction((manager) => manager.insert(Bill, { text: 'nested' }))
      if (end === 'bad') throw new HttpException('no', 409)
      return { seen: await this.bills.count() }
    }
    @Get()
    async count(): Promise<object> {
      return { count: await this.bills.count() }
    }
  }
  const imports = names.flatMap((name, index) => [
    TypeOrmModule.forRootAsync({
      ...(name === undefined ? {} : { name }),
      useFactory: () => ({
        ...optionsOf(fresh[index]?.uri ?? '', { entities: [] }),
        autoLoadEntities: true,
        ...(name === undefined ? {} : { name }),
      }),
      ...(way === 'its options'
        ? { dataSourceFactory: async (options?: DataSourceOptions) => ActiveAlchemy.from(options as DataSourceOptions).dataSource }
        : {}),
    }),
    TypeOrmModule.forFeature([Bill], name),
    AlchemyModule.forRootAsync({
      ...(name === undefined ? {} : { name }),
      inject: [getDataSourceToken(name)],
      useFactory: (dataSource: DataSource) => ({ db: ActiveAlchemy.from(dataSource) }),
    }),
  ])
  return {
    parts: { imports, controllers: [Bills] },
    drop: async () => {
      for (const each of fresh) await each.drop()
    },
  }
}

describe.each(servers)('an application of Nest with @nestjs/typeorm on $name', (database) => {
  const ways = database.name === 'sqlite' ? (['its options'] as const) : (['its options', 'its data source'] as const)
  const rows = ways.flatMap((way) => [
    { way, names: [undefined], what: 'alone' },
    { way, names: [undefined, 'archive'], what: 'beside another by name' },
  ])
  it.each(rows)('is adopted by $way, $what: a request is one transaction, and it may be started again', async ({ way, names }) => {
    const { parts, drop } = await adopted(database, way, names)
    try {
      // As in an e2e test: it is begun and closed for each.
      for (const before of [0, 2]) {
        const app = await create('express', parts)
        try {
          const url = await listen(app)
          const answer = async (method: string, path: string) => {
            const response = await fetch(`${url}/bills${path}`, { method })
            return [response.status, await response.json()]
          }
          expect((await answer('POST', '/bad'))[0]).toBe(409)
          expect(await answer('GET', '')).toEqual([200, { count: before }])
          expect(await answer('POST', '/good')).toEqual([201, { seen: before + 2 }])
          expect(await answer('GET', '')).toEqual([200, { count: before + 2 }])
        } finally {
          await app.close()
        }
      }
    } finally {
      await drop()
    }
  })
})
