import { setTimeout as sleep } from 'node:timers/promises'
import { Injectable } from '@nestjs/common'

/** The other banks, which are told of each payment. */
@Injectable()
export class ClearingService {
  async announce(_reference: string): Promise<void> {
    await sleep(5)
  }
}
