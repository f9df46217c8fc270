// Prints the counts of a test report, alone on the last line, and fails if it holds no passed test or a failed one.
import { readFileSync } from 'node:fs'

const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.every((each) => each.status !== 'failed'),
)
for (const { name, message } of brokenFiles) console.log(`${name}: ${message}`)
const failed = numFailedTests + brokenFiles.length
if (numPendingTests + numTodoTests > 0) console.log(`${numPendingTests + numTodoTests} did not run`)
console.log(`${numPassedTests} passed, ${failed} failed`)
process.exitCode = failed === 0 && numPassedTests > 0 ? 0 : 1
