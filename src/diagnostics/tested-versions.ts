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

/** By major version of Node: the first release that can link imported CommonJS while a load hook is registered. */
const REPAIRED_NODES: Readonly<Record<string, string>> = {
  22: '22.22.3',
  23: '24.11.1',
  24: '24.11.1',
  25: '25.1.0',
};

/**
 * The release to update to, if this one has `module.registerHooks` and ends programs with
 * `ERR_VM_MODULE_LINK_FAILURE` while a load hook is registered: an ES module cannot import CommonJS then.
 */
export function repairedNode(): string | undefined {
  const { node } = process.versions;
  const repaired = REPAIRED_NODES[node.split('.')[0] ?? ''];
  return repaired !== undefined && isOlder(node, repaired) ? repaired : undefined;
}
