// A release, as its tag says it: `release.mjs v1.2.3` looks whether everything is of that version; --notes prints its part of the
// changelog; --publish publishes the packages that are not there yet, so that it can be run again.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packages, root, run } from './packed.mjs'

const [tag = '', mode] = process.argv.slice(2)
const read = (path) => readFileSync(join(root, path), 'utf8')
const manifests = packages.map((folder) => ({ folder, ...JSON.parse(read(`packages/${folder}/package.json`)) }))

/** What the changelog says of a version: its part, without the heading. */
function notesOf(version) {
  const [, notes] =
    new RegExp(`^## ${version.replaceAll('.', '\\.')}\\b[^\\n]*\\n(.*?)(?=^## |$(?![^]))`, 'ms').exec(read('CHANGELOG.md')) ?? []
  return notes?.trim() ?? ''
}

/** What is wrong with a release. */
function problems(version) {
  const wrong = manifests.flatMap((manifest) => [
    ...(manifest.version === version ? [] : [`${manifest.name} is of version ${manifest.version}`]),
    ...Object.entries(manifest.dependencies ?? {})
      .filter(([name, range]) => manifests.some((each) => each.name === name) && range !== version)
      .map(([name, range]) => `${manifest.name} needs ${name} ${range}`),
    ...(manifest.private || manifest.publishConfig?.access !== 'public' ? [`${manifest.name} is not public`] : []),
  ])
  return [
    ...(/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? [] : [`${tag} is no tag of a version, as v1.2.3`]),
    ...(JSON.parse(read('lerna.json')).version === version ? [] : ['lerna.json is of another version']),
    ...wrong,
    ...(notesOf(version) === '' ? [`CHANGELOG.md has no part ## ${version}`] : []),
  ]
}

/** Publishes one package; provenance needs to know from where it comes. */
function publish({ folder, name, version }) {
  const repository = process.env.GITHUB_REPOSITORY
  if (!repository) throw new Error('GITHUB_REPOSITORY is not set: this is the work of .github/workflows/release.yml.')
  const isThere = () => {
    try {
      return run('npm', ['view', `${name}@${version}`, 'version']).trim() === version
    } catch {
      return false
    }
  }
  if (isThere()) return console.log(`${name} ${version} is there already`)
  const at = ['-w', join('packages', folder)]
  const said = [`repository.url=git+https://github.com/${repository}.git`, `repository.directory=packages/${folder}`]
  run('npm', ['pkg', 'set', 'repository.type=git', ...said, ...at])
  console.log(run('npm', ['publish', '--tag', version.includes('-') ? 'next' : 'latest', ...at]))
}

const version = tag.replace(/^v/, '')
if (mode === '--notes') console.log(notesOf(version))
else {
  const wrong = problems(version)
  for (const each of wrong) console.error(each)
  if (wrong.length > 0) process.exitCode = 1
  // What others depend on goes first.
  else if (mode === '--publish')
    for (const each of [...manifests].sort((one, other) => Number(other.folder === 'core') - Number(one.folder === 'core'))) publish(each)
}
