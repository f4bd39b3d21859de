import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, posix } from 'node:path';

/** What files contain until the repository is set. */
export const PLACEHOLDER_PAGE = 'https://github.com/OWNER/REPOSITORY';

/** The files that link to the repository. */
const LINKING = [
  '*.md',
  'docs/*.md',
  'examples/README.md',
  '.github/CODEOWNERS',
  '.github/ISSUE_TEMPLATE/config.yml',
];

/** The line of the README that becomes badges. Before that, badges would show errors. */
const BADGES = /^(?:<!-- badges -->|\[!\[tests\].*)$/m;
const NAME = 'opentelemetry-instrumentation-openai';

/** The files that link to the repository and exist here. */
export function linkingFiles(): string[] {
  return globSync(LINKING)
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file !== 'CHANGELOG.md')
    .sort();
}

/** Points every link, picture and badge of the files to a repository. */
export async function fillLinks(before: string, page: string): Promise<void> {
  for (const file of linkingFiles())
    await writeFile(file, withLinks(file, await readFile(file, 'utf8'), before, page));
}

/** The files that a reader would find unfilled, or filled for another repository. */
export async function unfilledFiles(page: string): Promise<string[]> {
  const files = linkingFiles();
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return files.filter((file, index) => {
    const text = texts[index] ?? '';
    return withLinks(file, text, PLACEHOLDER_PAGE, page) !== text;
  });
}

/**
 * A file with the links to its repository.
 *
 * Pictures get whole addresses, because the npm site shows the README without its folder.
 *
 * @param before the address that the file has now
 */
export function withLinks(file: string, text: string, before: string, page: string): string {
  const raw = page.replace('https://github.com/', 'https://raw.githubusercontent.com/');
  const rawBefore = before.replace('https://github.com/', 'https://raw.githubusercontent.com/');
  const address = (path: string): string => `${raw}/main/${posix.join(dirname(file), path)}`;
  return text
    .replaceAll(before, page)
    .replaceAll(rawBefore, raw)
    .replaceAll(`@${ownerOf(before)}`, `@${ownerOf(page)}`)
    .replace(/(!\[[^\]]*\]\()((?:docs\/)?images\/[\w.-]+)(?=\))/g, (_, start, path) => start + address(path))
    .replace(/(<img src=")(images\/[\w.-]+)(?=")/g, (_, start, path) => start + address(path))
    .replace(BADGES, badgesOf(page));
}

function badgesOf(page: string): string {
  const repository = page.replace('https://', '');
  return [
    `[![tests](${page}/actions/workflows/test.yml/badge.svg?branch=main)](${page}/actions/workflows/test.yml)`,
    `[![npm](https://img.shields.io/npm/v/${NAME})](${page}/blob/main/CHANGELOG.md)`,
    `[![OpenSSF Scorecard](https://api.scorecard.dev/projects/${repository}/badge)](https://scorecard.dev/viewer/?uri=${repository})`,
  ].join(' ');
}

function ownerOf(page: string): string {
  return page.split('/').at(-2) ?? '';
}
