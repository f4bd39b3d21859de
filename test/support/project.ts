import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { SHELL_SETTINGS } from './environment.ts';
import { type Completed as Ended, start } from './lanes/command.ts';
import { BUNDLED_PACKAGES, PACKAGE_NAME, ROOT } from './lanes/paths.ts';

/** A call, for programs that run with `BASE_URL`. */
export const CALL = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
`;

export type { Ended };

/** A project of a user's, in a folder of its own: this package as it is built, `openai` and an SDK. */
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
  const installed = {
    [PACKAGE_NAME]: ROOT,
    openai: join(ROOT, 'node_modules', 'openai'),
    '@opentelemetry/api': join(ROOT, 'node_modules', '@opentelemetry', 'api'),
    '@opentelemetry/sdk-node': join(BUNDLED_PACKAGES, '@opentelemetry', 'sdk-node'),
  };
  for (const [name, target] of Object.entries(installed)) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(target, path);
  }
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
  return start(process.execPath, parameters, { cwd, env: { ...Object.fromEntries(kept), ...environment } })
    .finished;
}
