/**
 * Sets the address of the project's repository.
 *
 *   npm run repository -- https://github.com/owner/name    writes it everywhere: see `fieldsOf`, `registryEntry` and `fillLinks`
 *   npm run repository -- --check                          fails unless it is set, and is the same everywhere
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fillLinks, PLACEHOLDER_PAGE, unfilledFiles } from './address.ts';
import {
  type Manifest,
  pageOf,
  problemsOf,
  REGISTRY_ENTRY,
  registryEntry,
  withRepository,
} from './setting.ts';

const [given = ''] = process.argv.slice(2);
const manifest = JSON.parse(await readFile('package.json', 'utf8')) as Manifest;
const entry = await readFile(REGISTRY_ENTRY, 'utf8');
const { GITHUB_REPOSITORY: released } = process.env;

if (given === '--check') {
  const problems = problemsOf(manifest, entry, released);
  const page = pageOf(manifest);
  const unfilled = page === undefined ? [] : await unfilledFiles(page);
  fail([...problems, ...unfilled.map((file) => `${file} has other links: npm run repository -- ${page}`)]);
} else {
  const changed = withRepository(manifest, given);
  const written = registryEntry(changed, new Date().toISOString().slice(0, 10));
  const problems = problemsOf(changed, written, undefined);
  if (problems.length === 0) {
    await writeFile('package.json', `${JSON.stringify(changed, null, 2)}\n`);
    await writeFile(REGISTRY_ENTRY, written);
    await fillLinks(pageOf(manifest) ?? PLACEHOLDER_PAGE, pageOf(changed) ?? PLACEHOLDER_PAGE);
    console.log(`The repository is ${pageOf(changed)}, in every file that names it. Commit the changes.`);
  }
  fail(problems);
}

function fail(problems: readonly string[]): void {
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
