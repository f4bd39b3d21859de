const UNRELEASED = '## [Unreleased]\n';

/**
 * The changelog after a release.
 *
 * @throws Error if there is nothing to release, or if the version was released before
 */
export function released(changelog: string, version: string, date: string): string {
  const heading = `## [${version}]`;
  if (changelog.includes(heading)) throw new Error(`CHANGELOG.md already has ${heading}.`);
  const [before = '', after] = changelog.split(UNRELEASED);
  const [entries = ''] = after?.split(/^## /m) ?? [];
  if (after === undefined || !/^- /m.test(entries))
    throw new Error('CHANGELOG.md has no entries under Unreleased: there is nothing to release.');
  return `${before}${UNRELEASED}\n${heading} - ${date}\n${after}`;
}

/**
 * The entry of a version, without its heading.
 *
 * @throws Error if the changelog has none
 */
export function notesOf(changelog: string, version: string): string {
  const [, after] = changelog.split(`## [${version}]`);
  if (after === undefined) throw new Error(`CHANGELOG.md has no entry for ${version}.`);
  const [entry = ''] = after.split(/^## /m);
  // The rest of the heading is the date.
  return `${entry.slice(entry.indexOf('\n')).trim()}\n`;
}

/** Replaces the version in a source file. */
export function withVersion(source: string, version: string): string {
  const pattern = /(?<=VERSION = ')[^']+(?=')/;
  if (!pattern.test(source)) throw new Error('src/util/version.ts has no VERSION.');
  return source.replace(pattern, version);
}
