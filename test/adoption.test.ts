import { adoptionRows } from './conformance/adoption.ts'
import { eachDatabase } from './matrix.ts'

eachDatabase('an application of TypeORM', adoptionRows)
