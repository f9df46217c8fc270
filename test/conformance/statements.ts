import { ActiveAlchemy } from '@active-alchemy/core'
import { EventSubscriber } from 'typeorm'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore } from './store.ts'

/** What is told of a statement, to loggers and subscribers. */
export function statementRows(database: TestDatabase): void {
  it('a slow statement is one line that says slow, how long and what, and no value', async () => {
    const fresh = await database.create()
    const db = new ActiveAlchemy(fresh.uri, { typeorm: { maxQueryExecutionTime: 0.001 } })
    const lines: string[] = []
    onTestFinished(async () => {
      vi.restoreAllMocks()
      await db.close()
      await fresh.drop()
    })
    vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line))
    await db.sql`select 1 as n where ${'a secret'} <> 'x'`
    const slow = lines.filter((line) => line.includes('select 1 as n'))
    expect(slow).toEqual([expect.stringMatching(/^\[active-alchemy\] slow \(\d+ ms\): select 1 as n where \S+ <> 'x'$/)])
  })

  it('a subscriber hears of each statement before and after it, and of its failure', () => {
    const heard: string[] = []
    class Listener {
      beforeQuery({ query }: { query: string }): void {
        heard.push(`before ${query}`)
      }
      afterQuery({ query, success, executionTime }: { query: string; success: boolean; executionTime?: number }): void {
        heard.push(`after ${query} ${success} ${typeof executionTime}`)
      }
    }
    EventSubscriber()(Listener)
    return inStore(
      database,
      async ({ db, raw }) => {
        heard.length = 0
        await raw('select 1')
        await expect(raw('select x from nowhere')).rejects.toThrow(/nowhere/)
        expect(heard.filter((line) => line.includes('select'))).toEqual([
          'before select 1',
          'after select 1 true number',
          'before select x from nowhere',
          'after select x from nowhere false undefined',
        ])
        expect(db.dataSource.subscribers).toHaveLength(1)
      },
      { typeorm: { subscribers: [Listener] } },
    )
  })
}
