import type { Type } from '@nestjs/common'

/** The bank as it was found, and what becomes of it: the module of each, loaded when it is asked for. */
export const states = {
  before: async (): Promise<Type> => (await import('./before/app.module.js')).AppModule,
  observed: async (): Promise<Type> => (await import('./observed/app.module.js')).AppModule,
  after: async (): Promise<Type> => (await import('./after/app.module.js')).AppModule,
  mails: async (): Promise<Type> => (await import('./mails/app.module.js')).AppModule,
} as const

export type State = keyof typeof states

/** @throws {Error} It is none. */
export function stateNamed(name: string): State {
  if (name in states) return name as State
  throw new Error(`STATE is ${name}. It takes ${Object.keys(states).join(', ')}.`)
}
