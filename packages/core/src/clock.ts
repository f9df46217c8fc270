import { DateTime } from 'luxon'

/** The one clock of the library: UTC, in milliseconds. */
export const clock = {
  /** The present. */
  now(): DateTime<true> {
    return DateTime.utc()
  },
}
