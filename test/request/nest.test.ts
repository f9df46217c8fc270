import { requestRows } from '../conformance/request.ts'
import { eachCell } from '../matrix.ts'

eachCell('a request', requestRows, 'nest')
