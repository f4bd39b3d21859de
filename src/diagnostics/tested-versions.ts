const OLDEST = '4.19';
const NEWEST_MAJOR = 7;

/** The range of tested versions of `openai`, as text for messages. */
export const TESTED: string = `${OLDEST} to ${NEWEST_MAJOR}.x`;

/** Whether a version of `openai` is older than all versions that can be traced. */
export function isTooOld(version: string): boolean {
  return isOlder(version, OLDEST);
}

/** The first version of `@openai/agents` that leaves its traces where `…/agents` finds them. */
export const OLDEST_AGENTS = '0.3.9';

/** Whether a version is older than another one. A version that cannot be parsed counts as not older. */
export function isOlder(version: string, than: string): boolean {
  const given = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, oldest] of than.split('.').map(Number).entries()) {
    const part = given[index] ?? Number.NaN;
    if (part !== oldest) return part < oldest;
  }
  return false;
}

/** Whether a version of `openai` is in the tested range. A version that cannot be parsed counts as tested. */
export function isTested(version: string): boolean {
  const isOfUntestedMajor = Number.parseInt(version, 10) > NEWEST_MAJOR;
  return !isOfUntestedMajor && !isTooOld(version);
}
