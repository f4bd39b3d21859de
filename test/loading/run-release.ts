import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Completed, run } from '../support/lanes/command.ts';
import { RELEASES_LANE } from '../support/lanes/lanes.ts';
import { laneDirectory, PACKAGE_NAME, programsDirectory } from '../support/lanes/paths.ts';
import { FILES, type ReleaseCase } from './release-programs.ts';

const REGISTER = `${PACKAGE_NAME}/register`;
/** The lanes whose `openai` the dependencies have. */
const OPENAI_LANES = { 4: 'openai-4.104', 6: 'openai-6' };

/** @returns the folder with the programs. The lane's next preparation removes it */
export async function writeReleasePrograms(): Promise<string> {
  const folder = await mkdtemp(join(programsDirectory(RELEASES_LANE.name), 'releases-'));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  for (const [version, lane] of Object.entries(OPENAI_LANES)) {
    const packages = join(folder, 'node_modules', `with-openai-${version}`, 'node_modules');
    await mkdir(packages);
    await symlink(join(laneDirectory(lane), 'node_modules', 'openai'), join(packages, 'openai'));
  }
  return folder;
}

/** @returns what differs between the program without and with the instrumentation, and calls without a span */
export async function problemsOnRelease(node: string, folder: string, each: ReleaseCase): Promise<string[]> {
  const [plain, traced] = await Promise.all([
    start(node, folder, each, false),
    start(node, folder, each, true),
  ]);
  const spans =
    traced.stderr.split('\n').filter(isSpan).length + traced.stdout.split('\n').filter(isSpan).length;
  const calls = [...traced.stdout.matchAll(/^calls: (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  return [
    traced.code !== plain.code ? `exits with ${traced.code}, without it with ${plain.code}` : '',
    withoutSpans(traced.stdout) !== withoutSpans(plain.stdout)
      ? `prints ${traced.stdout}, without it ${plain.stdout}`
      : '',
    withoutSpans(traced.stderr) !== withoutSpans(plain.stderr)
      ? `says ${traced.stderr}, without it ${plain.stderr}`
      : '',
    calls === 0 ? 'makes no call' : '',
    spans !== calls ? `has ${spans} spans for ${calls} calls` : '',
  ].filter((problem) => problem !== '');
}

function start(node: string, folder: string, each: ReleaseCase, isTraced: boolean): Promise<Completed> {
  const { file, options = [], setUp = 'register', isFirst = false } = each;
  const loads = {
    register: ['--import', REGISTER],
    NODE_OPTIONS: [],
    'telemetry.mjs': ['--import', './telemetry.mjs'],
    'telemetry.cjs': ['--require', './telemetry.cjs'],
  };
  const added = isTraced ? loads[setUp] : [];
  const parameters = [...(isFirst ? [...added, ...options] : [...options, ...added]), file];
  return run(node, parameters, {
    cwd: folder,
    env: {
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      ...(isTraced && setUp === 'NODE_OPTIONS' && { NODE_OPTIONS: `--import ${REGISTER}` }),
    },
  });
}

function isSpan(line: string): boolean {
  return /^chat m\b/.test(line);
}

function withoutSpans(output: string): string {
  const lines = output.replaceAll(/\(node:\d+\)/g, '(node)').split('\n');
  return lines.filter((line) => line !== '' && !isSpan(line)).join('\n');
}
