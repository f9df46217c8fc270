import { cascadeRows } from './conformance/cascades.ts'
import { linkRows } from './conformance/links.ts'
import { eachDatabase } from './matrix.ts'

eachDatabase('links', linkRows)
eachDatabase('cascades of soft delete', cascadeRows)
