import type { Start } from './application.ts'
import { start as fetched } from './fetch.ts'
import { start as injected } from './inject.ts'
import { start as injectedByNest } from './nest-inject.ts'
import { start as supertested } from './supertest.ts'

/** How tests send requests. */
export const clients: readonly (readonly [name: string, start: Start])[] = [
  ['supertest', supertested],
  ['inject of Fastify', injected],
  ['inject of Nest', injectedByNest],
  ['fetch', fetched],
]
