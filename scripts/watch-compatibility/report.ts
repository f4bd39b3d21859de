/** A package, as the tests have it and as it is published now. */
export interface WatchedPackage {
  readonly name: string;
  readonly tested: string;
  readonly newest: string;
}

/** What was tried with the newest versions, and what came of it. */
export interface Watch {
  readonly packages: readonly WatchedPackage[];
  /** Programs that behaved as they do without us, with the spans that they should have. */
  readonly ok: number;
  /** What is not as it should be, one text for each. */
  readonly problems: readonly string[];
}

/** What was found, for a person who has to act on it. */
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

/** Whether what users rely on may have changed: below 1.0 that is so with every minor version. */
export function isMajor(tested: string, newest: string): boolean {
  const [major = '', minor = ''] = tested.split('.');
  const [newMajor = '', newMinor = ''] = newest.split('.');
  return major !== newMajor || (major === '0' && minor !== newMinor);
}
