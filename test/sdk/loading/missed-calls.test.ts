import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, type Ended, useProject } from '../../support/project.ts';

/** Programs whose calls the instrumentation does not see, and what they print about it. */
const simulator = useSimulator();
const project = useProject();

const OPENAI_DIRECTORY = dirname(createRequire(import.meta.url).resolve('openai'));

const CALLED = `${CALL}console.log('done');\n`;
const TELEMETRY = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  export const instrumentation = new OpenAIInstrumentation();
  new NodeSDK({ instrumentations: [instrumentation], traceExporter: undefined }).start();
`;
const EARLY = `import OpenAI from 'openai';\nimport { instrumentation } from './telemetry.mjs';\n`;
const LINE = new RegExp(
  `^${PACKAGE_NAME}: Calls to openai were not traced: .*, or this program forwards the requests of others. Load the setup with --import, .* doctor for details\\.\\n$`,
);

function run(program: string, parameters: readonly string[] = [], environment = {}): Promise<Ended> {
  return runFile('app.mjs', program, parameters, environment);
}

async function runFile(
  file: string,
  program: string,
  parameters: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  await project().write({ [file]: program, 'telemetry.mjs': TELEMETRY });
  return project().run([...parameters, file], {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    ...environment,
  });
}

describe('a program whose calls were not traced prints one line when it ends:', () => {
  test.each([
    ['the setup is imported after openai', EARLY + CALLED],
    [
      '…/register is imported by the program',
      `import '${PACKAGE_NAME}/register';\nimport OpenAI from 'openai';\n${CALLED}`,
    ],
    ['it calls process.exit()', `${EARLY}${CALLED}process.exit();`],
    [
      'it sends requests through node:http, as openai 4 does',
      `import './telemetry.mjs';
       import http from 'node:http';
       const headers = { 'user-agent': ['OpenAI/JS 4.104.0'], 'x-stainless-lang': ['js'] };
       http.get(process.env.BASE_URL, { headers }, (response) => response.resume());
       console.log('done');`,
    ],
    ...[
      'OpenAI2/JS 7.57.0',
      'OpenAI$1/JS 7.57.0',
      'OpenAI_1/JS 7.57.0',
      '_OpenAI/JS 6.0.0',
      'hY/JS 7.57.0',
      '$e/JS 4.104.0',
    ].map((agent) => [
      `a bundler renamed the class of the client: ${agent}`,
      `import './telemetry.mjs';
       const headers = { 'User-Agent': '${agent}', 'X-Stainless-Lang': 'js' };
       await fetch(process.env.BASE_URL + '/chat/completions', { method: 'POST', headers });
       console.log('done');`,
    ]),
  ])('%s', async (_, program) => {
    const { code, stdout, stderr } = await run(program);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
    expect(stderr).toMatch(LINE);
  });

  test('a CommonJS copy was loaded without the hooks', async () => {
    const program = `
      const Module = require('node:module');
      require('${PACKAGE_NAME}');
      const { readFileSync } = require('node:fs');
      Module._extensions['.js'] = (module, file) => module._compile(readFileSync(file, 'utf8'), file);
      const { OpenAIInstrumentation } = require('${PACKAGE_NAME}');
      new OpenAIInstrumentation();
      Module._load('openai', module);
    `;
    const { stderr } = await runFile('app.cjs', program);
    // The path may have a space.
    const line = `${PACKAGE_NAME}: Calls to openai are not traced: ${OPENAI_DIRECTORY}${sep}`;
    expect(stderr.slice(0, line.length)).toBe(line);
    expect(stderr.slice(line.length)).toMatch(
      /^\w+\.js was loaded without the module hooks\. Call instrumentOpenAI.*\n$/,
    );
  });

  test('a server prints it while it runs', async () => {
    const program = `${EARLY}
      const { setTimeout: wait } = globalThis;
      const { write } = process.stderr;
      const server = wait(() => process.exit(1), 60_000);
      process.stderr.write = (...parameters) => (clearTimeout(server), write.apply(process.stderr, parameters));
      globalThis.setTimeout = (run, delay, ...rest) => wait(run, delay === 5000 ? 0 : delay, ...rest);
      ${CALLED}
    `;
    const { code, stderr } = await run(program);
    expect(code).toBe(0);
    expect(stderr).toMatch(LINE);
  });
});

describe('with a diag logger the line is printed once', () => {
  test.each([
    ['by a logger that takes warnings', 'WARN'],
    ['on stderr if the logger takes errors only', 'ERROR'],
  ])('%s', async (_, level) => {
    const { stdout, stderr } = await run(`${EARLY}
      import { diag, DiagConsoleLogger, DiagLogLevel } from '@opentelemetry/api';
      diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.${level});
      ${CALLED}`);
    expect(`${stdout}${stderr}`.split('were not traced')).toHaveLength(2);
  });
});

describe('nothing is printed', () => {
  test.each([
    ['for calls that are traced', `import OpenAI from 'openai';${CALLED}`, ['--import', './telemetry.mjs']],
    ['with …/register', `import OpenAI from 'openai';${CALLED}`, ['--import', `${PACKAGE_NAME}/register`]],
    ['if there was no call', `${EARLY}console.log('done');`, []],
    [
      'for requests of other SDKs and of the program itself',
      `import './telemetry.mjs';
       const ask = (headers, path = '') => fetch(process.env.BASE_URL + path, { headers });
       await ask({ 'User-Agent': 'Anthropic/JS 0.60.0', 'X-Stainless-Lang': 'js' });
       await ask({ 'User-Agent': 'OpenAI/JS 7.0.0' });
       // Minified: those of Anthropic, Groq and Cloudflare.
       await ask({ 'User-Agent': 'te/JS 0.60.0', 'X-Stainless-Lang': 'js' }, '/messages');
       await ask({ 'User-Agent': 'te/JS 1.1.0', 'X-Stainless-Lang': 'js' }, '/openai/v1/chat/completions');
       await ask({ 'User-Agent': 'D/JS 5.2.0', 'X-Stainless-Lang': 'js' }, '/accounts/1/ai/models/search');
       await ask({ 'User-Agent': 'D/JS 5.2.0', 'X-Stainless-Lang': 'js' }, '/client/v4/accounts/1/images/v1');
       await ask({ 'User-Agent': 'D/JS 5.2.0', 'X-Stainless-Lang': 'js' }, '/client/v4/accounts/1/stream/2/audio');
       console.log('done');`,
      [],
    ],
    [
      'for requests that a gateway forwards for clients on another version of Node',
      `import './telemetry.mjs';
       const headers = {
         'User-Agent': 'OpenAI/JS 7.0.0',
         'X-Stainless-Lang': 'js',
         'X-Stainless-Runtime': 'node',
         'X-Stainless-Runtime-Version': 'v18.0.0',
       };
       await fetch(process.env.BASE_URL, { headers });
       console.log('done');`,
      [],
    ],
    [
      'for calls under suppressTracing',
      `${EARLY}
       import { context, createContextKey } from '@opentelemetry/api';
       const key = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
       await context.with(context.active().setValue(key, true), async () => {${CALLED}});`,
      [],
    ],
    ['after disable()', `${EARLY}instrumentation.disable();${CALLED}`, []],
    [
      'for calls that ignoreRequestHook ignores',
      `const { instrumentation } = await import('./telemetry.mjs');
       instrumentation.setConfig({ ignoreRequestHook: () => true });
       const { default: OpenAI } = await import('openai');${CALLED}`,
      [],
    ],
    [
      'if instrumentOpenAI instruments the client',
      `${EARLY}import { instrumentOpenAI } from '${PACKAGE_NAME}/client';instrumentOpenAI(OpenAI);${CALLED}`,
      [],
    ],
  ])('%s', async (_, program, parameters) => {
    expect(await run(program, parameters)).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
  });

  test.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' }])(
    'with %j',
    async (environment) => {
      expect((await run(EARLY + CALLED, [], environment)).stderr).toBe('');
    },
  );
});

describe('it watches the requests of a program', () => {
  const COUNT = `
    import { channel } from 'node:diagnostics_channel';
    const heard = () => ['undici:request:create', 'http.client.request.start'].map((name) => channel(name).hasSubscribers);
  `;

  test.each([
    [
      'seen',
      `const { instrumentation } = await import('./telemetry.mjs');const { OpenAI } = await import('openai');`,
    ],
    ['missed', EARLY],
  ])('until the first call, which was %s', async (_, start) => {
    const { stdout } = await run(
      `${COUNT}${start}
       const before = heard();${CALLED}
       await fetch(process.env.BASE_URL);
       console.log(String([before, heard()]), process.getActiveResourcesInfo().includes('Timeout'));`,
    );
    expect(stdout).toBe('done\ntrue,true,false,false false\n');
  });

  test('until the instrumentation is disabled', async () => {
    const { stdout } = await run(
      `${COUNT}${EARLY}
       instrumentation.disable();
       await null;
       const off = heard();
       instrumentation.enable();
       console.log(String([off, heard()]));`,
    );
    expect(stdout).toBe('false,false,true,true\n');
  });
});
