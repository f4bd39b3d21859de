const OLDEST_MAJOR = 4;
const OLDEST_MINOR = 19;
const NEWEST_MAJOR = 7;

/** The tested range, for messages. */
export const TESTED: string = `${OLDEST_MAJOR}.${OLDEST_MINOR} to ${NEWEST_MAJOR}.x`;

/** Whether a version of `openai` is older than all that are traced. */
export function isTooOld(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number);
  return major < OLDEST_MAJOR || (major === OLDEST_MAJOR && minor < OLDEST_MINOR);
}

/** Whether a version of `openai` is in the tested range. An unreadable version counts as tested. */
export function isTested(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number);
  if (Number.isNaN(major)) return true;
  return major <= NEWEST_MAJOR && (major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR));
}
