/** A package with the version that the tests use, and the newest published version. */
export interface WatchedPackage {
  readonly name: string;
  readonly tested: string;
  readonly newest: string;
}

/** The result of a run with the newest versions. */
export interface Watch {
  readonly packages: readonly WatchedPackage[];
  /** The number of programs that behaved as without the instrumentation, and had the right spans. */
  readonly ok: number;
  /** The problems, one text for each. */
  readonly problems: readonly string[];
}

/** Renders the result for the person who has to act on it. */
export function watchReport({ packages, ok, problems }: Watch): string {
  const rows = packages.map(({ name, tested, newest }) => {
    const change = tested === newest ? 'tested' : isMajor(tested, newest) ? '**new major**' : 'new';
    return `| ${name} | ${tested} | ${newest} | ${change} |`;
  });
  const verdict =
    problems.length === 0
      ? `All is well: ${ok} programs behaved as without the instrumentation.`
      : `${problems.length} problems, ${ok} programs behaved as without the instrumentation:`;
  return [
    '| package | tested | newest | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    verdict,
    ...problems.map((problem) => `\n\`\`\`text\n${problem}\n\`\`\``),
  ].join('\n');
}

/** Whether a version may break users. Below 1.0, each minor version may. */
export function isMajor(tested: string, newest: string): boolean {
  const [major = '', minor = ''] = tested.split('.');
  const [newMajor = '', newMinor = ''] = newest.split('.');
  return major !== newMajor || (major === '0' && minor !== newMinor);
}
