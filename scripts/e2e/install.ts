import { access, chmod, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../test/support/lanes/command.ts';
import { ROOT } from '../../test/support/lanes/paths.ts';
import { NotAvailable } from './backend.ts';

/** The folder in which backends are installed and keep their data. It is not part of the repository. */
export const CACHE: string = join(ROOT, '.e2e');
const HALF_AN_HOUR = 1_800_000;

/** Installs a Python package into its own virtual environment. @returns the folder with its commands */
export async function installFromPip(name: string, version: string): Promise<string> {
  const directory = join(CACHE, `${name}-${version}`);
  const complete = join(directory, 'complete');
  if (await exists(complete)) return join(directory, 'bin');
  await rm(directory, { recursive: true, force: true });
  await mustWork('python3', ['-m', 'venv', directory], 'Python 3 with venv is not installed');
  const pip = join(directory, 'bin', 'pip');
  await mustWork(pip, ['install', '--quiet', `${name}==${version}`], `pip cannot install ${name} ${version}`);
  await mkdir(complete);
  return join(directory, 'bin');
}

export interface GoProgram {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The path of the package to build, below its module. */
  readonly package: string;
  readonly tags?: string;
}

/**
 * Builds a program from a copy of its Go module, because `go install` refuses modules that replace others, as those of
 * most backends do. @returns the program's path
 */
export async function installFromGo(program: GoProgram): Promise<string> {
  const { name, module, version, tags = '' } = program;
  const binary = join(CACHE, 'bin', `${name}-${version}`);
  if (await exists(binary)) return binary;
  await mkdir(join(CACHE, 'bin'), { recursive: true });
  await mustWork('go', ['version'], 'Go is not installed');
  const source = join(CACHE, 'source', name);
  await rm(source, { recursive: true, force: true });
  const unavailable = `the Go module proxy does not have ${module} ${version}`;
  const downloaded = await mustWork('go', ['mod', 'download', '-json', `${module}@${version}`], unavailable);
  const { Dir: directory } = JSON.parse(downloaded) as { readonly Dir: string };
  await cp(directory, source, { recursive: true });
  await makeWritable(source);
  const parameters = [
    'build',
    '-mod=mod',
    '-buildvcs=false',
    '-trimpath',
    '-tags',
    tags,
    '-o',
    binary,
    program.package,
  ];
  await mustWork('go', parameters, `Go cannot build ${name} ${version}`, source);
  await rm(source, { recursive: true, force: true });
  return binary;
}

/** Runs a command without which a backend cannot be installed. */
export async function mustWork(
  command: string,
  parameters: readonly string[],
  otherwise: string,
  cwd: string = ROOT,
): Promise<string> {
  const options = { cwd, env: { GOWORK: 'off' }, timeout: HALF_AN_HOUR };
  const { code, stdout, stderr } = await run(command, parameters, options).catch((error: Error) => ({
    code: 1,
    stdout: '',
    stderr: error.message,
  }));
  if (code === 0) return stdout;
  console.error(`${stdout}\n${stderr}`.trim());
  throw new NotAvailable(otherwise);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Makes a folder writable: Go's module cache, from which it was copied, is read-only. */
async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}
