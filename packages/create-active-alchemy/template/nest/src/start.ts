import type { AddressInfo } from 'node:net'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'
import { settings } from './settings.js'

/** Listens on a port; 0 takes one that is free. `stop` waits for the requests under way; the module closes the database. */
export async function start(port: number) {
  const app = await NestFactory.create(AppModule, settings.isTest ? { logger: ['error', 'warn'] } : {})
  await app.listen(port)
  return {
    port: (app.getHttpServer().address() as AddressInfo).port,
    stop: () => app.close(),
  }
}
