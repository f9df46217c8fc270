import { promiseRows } from './conformance/promises.ts'
import { eachCell } from './matrix.ts'

eachCell('promises', promiseRows)
