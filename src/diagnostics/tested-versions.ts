const OLDEST = '4.19';
const NEWEST_MAJOR = 7;

export const TESTED: string = `${OLDEST} to ${NEWEST_MAJOR}.x`;

/** Whether a version is older than all versions that can be traced. */
export function isTooOld(version: string): boolean {
  return isOlder(version, OLDEST);
}

/** The first version of `@openai/agents` that leaves its traces where `…/agents` finds them. */
export const OLDEST_AGENTS = '0.3.9';

/** A version that cannot be parsed counts as not older. */
export function isOlder(version: string, than: string): boolean {
  const given = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, oldest] of than.split('.').map(Number).entries()) {
    const part = given[index] ?? Number.NaN;
    if (part !== oldest) return part < oldest;
  }
  return false;
}

/** A version that cannot be parsed counts as tested. */
export function isTested(version: string): boolean {
  const isOfUntestedMajor = Number.parseInt(version, 10) > NEWEST_MAJOR;
  return !isOfUntestedMajor && !isTooOld(version);
}
