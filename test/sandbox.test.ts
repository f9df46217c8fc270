import { sandboxRows } from './conformance/sandbox.ts'
import { eachDatabase } from './matrix.ts'

eachDatabase('a sandbox', sandboxRows)
