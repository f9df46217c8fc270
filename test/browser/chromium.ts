import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The first is the same browser without its windows, and opens a tab in a fifth of the time. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
/** What Debian has of them. */
const debianPackage = 'chromium-headless-shell'

/**
 * Where Chromium is: what `CHROMIUM` names, or the first of its names in `PATH`. On Debian it is installed where it is missing.
 *
 * @throws There is none, and it cannot be installed: the sentence says what to do.
 */
export function chromiumPath(): string {
  const named = process.env['CHROMIUM']
  if (named !== undefined) {
    if (!isProgram(named)) throw new Error(`CHROMIUM names ${named}, which is no program. Name an installed Chromium, or unset it.`)
    return named
  }
  const installed = inPath() ?? (mayInstall() ? installOnDebian() : undefined)
  if (installed !== undefined) return installed
  throw new Error(
    `No Chromium was found: none of ${names.join(', ')} is in PATH. Install one (as root of Debian: apt-get install ${debianPackage}), or name it: CHROMIUM=/path/to/chromium`,
  )
}

function inPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

function installOnDebian(): string | undefined {
  console.log('Chromium is missing, and is installed by apt-get.')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', debianPackage]]) {
    execFileSync('apt-get', ['--quiet', ...words], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return inPath()
}
