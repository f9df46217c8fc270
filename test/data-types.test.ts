import { compositeRows } from './conformance/composites.ts'
import { dataTypeRows } from './conformance/data-types.ts'
import { ownTypeRows } from './conformance/own-types.ts'
import { rangeRows } from './conformance/ranges.ts'
import { searchRows } from './conformance/search.ts'
import { treeRows } from './conformance/trees.ts'
import { eachDatabase } from './matrix.ts'

eachDatabase('data types', dataTypeRows)
eachDatabase('a type of one’s own', ownTypeRows)
eachDatabase('ranges', rangeRows)
eachDatabase('trees', treeRows)
eachDatabase('search', searchRows)
eachDatabase('composites', compositeRows)
