/**
 * Runs the same programs with two versions of the package, and prints the differences in what they record and in what
 * the programs see.
 *
 * `npm run compare` compares the working tree with `test/compare/reference.tgz`; `npm run compare -- main~3` packs that
 * commit instead, and `npm run compare -- some.tgz` uses that file. `--quick` runs some of the programs in one lane,
 * `--full` adds lanes. Fails if anything differs that is not in `test/compare/intended.yaml`.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { causesOf, describeCause } from '../test/compare/causes.ts';
import { compareVersions } from '../test/compare/compare.ts';
import { type Extent, judge, readIntended } from '../test/compare/intended.ts';
import { linkInstalled } from '../test/support/lanes/checkout.ts';
import { mustRun } from '../test/support/lanes/command.ts';
import { ROOT } from '../test/support/lanes/paths.ts';
import { packPackage, sha256, type Tarball } from '../test/support/lanes/tarball.ts';

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean' }, full: { type: 'boolean' }, self: { type: 'boolean' } },
  allowPositionals: true,
});
const extent: Extent = values.quick ? 'quick' : values.full ? 'full' : 'all';
const [wanted = join(ROOT, 'test/compare/reference.tgz')] = positionals;
const started = performance.now();
const reference = wanted.endsWith('.tgz') ? await readTarball(wanted) : await packCommit(wanted);
const candidate = values.self ? reference : await packPackage();
const { found, programs } = await compareVersions(reference, candidate, extent);
const { unintended, stale } = judge(found, positionals.length > 0 ? [] : readIntended(), extent, programs);
for (const cause of causesOf(unintended)) console.log(describeCause(cause));
for (const entry of stale) console.log(`Intended, but not found: ${JSON.stringify(entry)}`);
const seconds = Math.round((performance.now() - started) / 1000);
console.log(
  `${programs.size} programs in ${seconds} s: ${unintended.length} differences, ${found.length - unintended.length} intended`,
);
process.exitCode = unintended.length + stale.length > 0 ? 1 : 0;

async function readTarball(path: string): Promise<Tarball> {
  return { path, hash: sha256(await readFile(path)) };
}

/** Builds and packs a commit in a separate folder, with the tools that are installed here. */
async function packCommit(commit: string): Promise<Tarball> {
  const directory = await mkdtemp(join(tmpdir(), 'compare-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const sources = join(directory, 'sources');
  await mkdir(sources);
  await mustRun('git', ['archive', '--output', join(directory, 'sources.tar'), commit], { cwd: ROOT });
  await mustRun('tar', ['-xf', '../sources.tar'], { cwd: sources });
  linkInstalled(sources);
  await mustRun('npm', ['run', '--silent', 'build'], { cwd: sources });
  await mustRun('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], { cwd: sources });
  const [packed = ''] = (await readdir(directory)).filter((name) => name.endsWith('.tgz'));
  return readTarball(join(directory, packed));
}
