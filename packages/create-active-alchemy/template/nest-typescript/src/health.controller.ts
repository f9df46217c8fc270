import { Controller, Get, ServiceUnavailableException } from '@nestjs/common'
import { db } from './db.js'

@Controller('health')
export class HealthController {
  @Get()
  async check() {
    const health = await db.health({ migrations: true })
    if (!health.ok) throw new ServiceUnavailableException(health)
    return health
  }
}
