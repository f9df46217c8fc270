import { type DateTime, Settings } from 'luxon'
import { momentAt } from './moment.js'

/** The one clock of the library: UTC, in milliseconds. */
export const clock = {
  /** The present. */
  now(): DateTime<true> {
    return momentAt(Settings.now())
  },
}
