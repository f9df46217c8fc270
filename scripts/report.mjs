// Prints the counts of test reports, alone on the last line, and fails if one holds no passed test or a failed one.
import { readFileSync } from 'node:fs'

const counts = { passed: 0, failed: 0, idle: 0 }
for (const file of process.argv.slice(2)) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(file, 'utf8'))
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((each) => each.status !== 'failed'),
  )
  for (const { name, message } of brokenFiles) console.log(`${name}: ${message}`)
  if (numPassedTests === 0) console.log(`${file}: no test has passed`)
  counts.passed += numPassedTests
  counts.failed += numFailedTests + brokenFiles.length + (numPassedTests === 0 ? 1 : 0)
  counts.idle += numPendingTests + numTodoTests
}
if (counts.idle > 0) console.log(`${counts.idle} did not run`)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
