import { Controller, Get, ServiceUnavailableException } from '@nestjs/common'
import { db } from './db.js'
import { decorate } from './decorate.js'

export class HealthController {
  async check() {
    const health = await db.health({ migrations: true })
    if (!health.ok) throw new ServiceUnavailableException(health)
    return health
  }
}

decorate(HealthController, Controller('health'), { check: [[Get()]] })
