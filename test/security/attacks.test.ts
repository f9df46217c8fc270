import { expect, it } from 'vitest'
import { eachCross } from '../matrix.ts'
import { attacks } from './attacks.ts'
import { openTarget, secrets } from './target.ts'

/** One of each kind: the others differ in nothing that an attacker could use. */
const attacked = ['express 5', 'fastify 5', 'koa 3', 'nest 12 on express']

eachCross('attacks', (framework, database) => {
  it.runIf(attacked.includes(framework.name))(
    'none succeeds, and none is answered with a failure of the server',
    { timeout: 300_000 },
    async () => {
      const target = await openTarget(framework, database)
      const succeeded: string[] = []
      const failed: string[] = []
      try {
        for (const { name, route, body, succeeded: shows, inOwnSql } of attacks) {
          const shown = `${name}: ${route} ${(typeof body === 'string' ? body : JSON.stringify(body)).slice(0, 120)}`
          const { status, text } = await target.attack(route, body)
          if (status >= 500 && !inOwnSql) failed.push(`${shown} was answered ${status}: ${text.slice(0, 160)}`)
          if (text.includes('"in":true')) succeeded.push(`${shown} logged in`)
          if (Object.values(secrets).some((secret) => text.includes(secret))) succeeded.push(`${shown} was told a secret`)
          if (status < 500 && shows?.(status, text)) succeeded.push(`${shown} was answered ${status}: ${text.slice(0, 160)}`)
          if (status < 400) for (const damage of await target.damage()) succeeded.push(`${shown} did damage: ${damage}`)
        }
        for (const damage of await target.damage()) succeeded.push(`all of them: ${damage}`)
      } finally {
        await target.close()
      }
      console.log(
        `${framework.name} × ${database.name}: attacks tried ${attacks.length}, succeeded ${succeeded.length}, answered 5xx ${failed.length}`,
      )
      expect({ succeeded, failed }).toEqual({ succeeded: [], failed: [] })
    },
  )
})
