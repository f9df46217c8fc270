import { existsSync } from 'node:fs'

// For this machine alone: what the environment says already stays, and in production it says all.
if (existsSync('.env')) process.loadEnvFile('.env')

/** What differs from place to place. */
export const settings = {
  databaseUrl: required('DATABASE_URL'),
  port: Number(process.env.PORT ?? 3000),
  isTest: process.env.NODE_ENV === 'test',
}

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set. Copy .env.example to .env, or set it in the environment.`)
  return value
}
