export { checkColumnType, type TypeCheck } from './check-column-type.js'
