import { NestFactory } from '@nestjs/core'
import { stateNamed, states } from './states.js'

const { STATE = 'after', PORT = '3000' } = process.env

const app = await NestFactory.create(await states[stateNamed(STATE)]())
app.enableShutdownHooks()
await app.listen(Number(PORT))
console.log(`The bank is open: http://localhost:${PORT}`)
