const OLDEST_MAJOR = 4;
const OLDEST_MINOR = 19;
const NEWEST_MAJOR = 7;

/** For people to read. */
export const TESTED: string = `${OLDEST_MAJOR}.${OLDEST_MINOR} to ${NEWEST_MAJOR}.x`;

/** Whether a version of `openai` is in the range that is tested; one that cannot be read is. */
export function isTested(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number);
  if (Number.isNaN(major)) return true;
  return major <= NEWEST_MAJOR && (major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR));
}
