import { ownTypeRows } from './conformance/own-types.ts'
import { eachDatabase } from './matrix.ts'

eachDatabase('a type of one’s own', ownTypeRows)
