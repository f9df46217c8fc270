import { basename } from 'node:path'
import { oneOf } from '@active-alchemy/core'
import { expect, vi } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

const here = new RegExp(`${basename(import.meta.filename)}:\\d+:\\d+$`)

/** What a session tells of the statements that it has sent. */
export function statementLogRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a session knows what it has sent, how long it took and who asked', async ({ db, User }) => {
    await db.run(async () => {
      await User.create({ name: 'a secret' })
      await User.count()
      await db.sql`select 1 as one`
      const sent = db.session.statements.filter(({ text }) => /^(insert|select)/i.test(text))
      expect(sent.map(({ text }) => text.split(' ')[0]?.toUpperCase())).toEqual(['INSERT', 'SELECT', 'SELECT'])
      for (const { milliseconds, place } of sent) {
        expect(milliseconds).toBeGreaterThanOrEqual(0)
        expect(place).toMatch(here)
      }
      expect(JSON.stringify(db.session.statements)).not.toContain('secret')
      await expect(User.filter({ id: 1 }).updateAll({ points: 2 ** 40 })).rejects.toMatchObject({ status: 422 })
    })
    await db.run(async () => expect(db.session.statements).toEqual([]))
  })

  row('a statement that failed was sent as well', async ({ db, User }) => {
    await db.run(async () => {
      await User.create({ name: 'a', email: 'a@example.org' })
      await db.transaction(() => User.create({ name: 'b', email: 'a@example.org' })).catch(() => undefined)
      expect(db.session.statements.filter(({ text }) => text.startsWith('INSERT'))).toHaveLength(2)
    })
  })

  row('a sandbox sends more, and tells of what the session has sent', async ({ db, User }) => {
    await using box = await db.sandbox()
    await db.run(async () => {
      await User.count()
      await User.create({ name: 'a' })
      expect(db.session.statements.map(({ text }) => text.split(' ')[0]?.toUpperCase())).toEqual(['SELECT', 'INSERT'])
    })
    await box.rollback()
  })

  row('of a long text and of many statements only so much is kept', async ({ db, User }) => {
    await db.run(async () => {
      for (let count = 0; count < 1_000; count += 1) await User.exists({ id: count })
      expect(db.session.statements).toHaveLength(1_000)
      await User.filter({ name: oneOf(Array.from({ length: 2_000 }, (_, index) => `n${index}`)) }).count()
      expect(Math.max(...db.session.statements.map(({ text }) => text.length))).toBeLessThanOrEqual(2_001)
    })
  })

  row(
    'a statement that takes as long as slowMs is told: time, scope, place and text, without its values',
    async ({ db, User }) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      try {
        await db.run(() => User.first({ name: 'a secret' }))
        const told = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('SELECT'))
        expect(told).toHaveLength(1)
        expect(told[0]).toMatch(/^\[active-alchemy\] \d+ ms in db\.run at /)
        expect(told[0]).toContain(`${basename(import.meta.filename)}:`)
        expect(told[0]).not.toContain('secret')
      } finally {
        warn.mockRestore()
      }
    },
    { slowMs: 0 },
  )

  row(
    'a fast statement is not told',
    async ({ db, User }) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      await db.run(() => User.count())
      expect(warn).not.toHaveBeenCalled()
      warn.mockRestore()
    },
    { slowMs: 600_000 },
  )
}
