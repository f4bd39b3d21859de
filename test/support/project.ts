import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { SHELL_SETTINGS } from './environment.ts';
import { PACKAGE_NAME } from './lanes/paths.ts';

/** A call, for programs that run with `BASE_URL`. */
export const CALL = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
`;

const INSTALLED = ['openai', '@opentelemetry/api', '@opentelemetry/sdk-node'];

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project of a user's, in a folder of its own: this package from its sources, `openai` and an SDK. */
export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string | object>>): Promise<void>;
  /** Runs Node in the folder, without OpenTelemetry's variables but those given. */
  run(parameters: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended>;
}

/** A project for each test. */
export function useProject(): () => Project {
  let project: Project | undefined;
  beforeEach(async () => {
    project = await makeProject();
  });
  afterEach(() => rm(project?.folder ?? '', { recursive: true, force: true }));
  return () => {
    if (project === undefined) throw new Error('There is no project.');
    return project;
  };
}

async function makeProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'project-'));
  const write: Project['write'] = async (files) => {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    }
  };
  for (const name of INSTALLED) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(resolve('node_modules', name), path);
  }
  const source = (file: string): string => JSON.stringify(pathToFileURL(resolve('src', file)).href);
  await write({
    [`node_modules/${PACKAGE_NAME}/package.json`]: {
      name: PACKAGE_NAME,
      version: '0.1.0',
      exports: {
        '.': './index.mjs',
        './client': './client.mjs',
        './export': './export.mjs',
        './openai': './openai.mjs',
        './register': './register.mjs',
      },
    },
    [`node_modules/${PACKAGE_NAME}/index.mjs`]: `export * from ${source('index.ts')};`,
    [`node_modules/${PACKAGE_NAME}/client.mjs`]: `export * from ${source('client.ts')};`,
    [`node_modules/${PACKAGE_NAME}/export.mjs`]: `export * from ${source('export.ts')};`,
    [`node_modules/${PACKAGE_NAME}/openai.mjs`]: `export * from ${source('openai.ts')};\nexport { default } from ${source('openai.ts')};`,
    [`node_modules/${PACKAGE_NAME}/register.mjs`]: `import ${source('register-esm.ts')};`,
  });
  return { folder, write, run: (parameters, environment) => runNode(folder, parameters, environment) };
}

function runNode(
  cwd: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !SHELL_SETTINGS.test(name) && !/^(?:NODE_OPTIONS|VITEST)|_proxy$/i.test(name),
  );
  const env = { ...Object.fromEntries(kept), ...environment };
  return new Promise((done) => {
    execFile(process.execPath, parameters, { cwd, env }, (error, stdout, stderr) =>
      done({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}
