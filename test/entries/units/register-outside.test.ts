import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, type Ended, useProject } from '../../support/project.ts';

/** Services whose own tree has another copy of the API than the agent that an operator starts them with. */
const simulator = useSimulator();
const project = useProject();

const API = '@opentelemetry/api';

/** Gives the project a copy of the API, as if it were of another version. */
async function copyApi(version?: string): Promise<void> {
  const folder = join(project().folder, 'node_modules', API);
  await rm(folder);
  await cp(resolve('node_modules', API), folder, { recursive: true });
  if (version === undefined) return;
  for (const file of ['version.cjs', 'version.mjs']) {
    const path = join(folder, 'dist', file);
    const source = await readFile(path, 'utf8');
    await writeFile(path, source.replace(/VERSION = "[^"]+"/, `VERSION = "${version}"`));
  }
}

/** Takes its tracer as modules do at their top: before the first call, and after `openai` is loaded. */
const SERVICE = `
  const tracer = trace.getTracer('app');
  const serve = () => tracer.startActiveSpan('request', async (span) => {
    ${CALL}
    span.end();
  });
`;
const FORMATS = {
  cjs: (body: string) => `
    const { OpenAI } = require('openai');
    const { trace } = require('${API}');
    ${SERVICE}
    (async () => {${body}})();
  `,
  mjs: (body: string) => `
    import OpenAI from 'openai';
    import { trace } from '${API}';
    ${SERVICE}
    ${body}
  `,
};

async function run(
  format: keyof typeof FORMATS,
  body: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const file = `app.${format}`;
  await project().write({ [file]: FORMATS[format](body) });
  const agent = `--import ${JSON.stringify(join(project().folder, 'node_modules', PACKAGE_NAME, 'dist', 'register.mjs'))}`;
  return project().run([file], {
    BASE_URL: simulator().url,
    NODE_OPTIONS: agent,
    NO_COLOR: '1',
    ...environment,
  });
}

const TREE = expect.stringMatching(/^(?:request .*\n└─ chat gpt-4o-mini .*\n\n?){2}$/);
const TRACES = { OTEL_TRACES_EXPORTER: 'console' };

describe.each(['cjs', 'mjs'] as const)('a service with a copy of the API of its own (%s)', (format) => {
  test.each([
    ['the same version', undefined],
    ['an older version', '1.9.0'],
    ['a newer version', '1.99.0'],
  ])('has its spans above the calls: %s', async (_, version) => {
    await copyApi(version);
    const ended = await run(format, 'await serve(); await serve();', TRACES);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: TREE });
  });

  test('replaces the SDK by a provider that it registers later', async () => {
    await copyApi();
    const body = `
      await serve();
      console.log(trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: (name) => (console.log(name), {}) }) }));
      trace.getTracer('own').startSpan('own');
    `;
    expect((await run(format, body, TRACES)).stdout).toBe('true\nown\n');
  });
});
