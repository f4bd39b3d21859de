import { expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

const CALLING = {
  'app.mjs': `import OpenAI from 'openai';${CALL}`,
  'app.cjs': `const OpenAI = require('openai');(async () => {${CALL}})();`,
};

/** What a program says that is started with `…/register` on a Node without module hooks. */
async function said(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const old = `data:text/javascript,import m from 'node:module'; m.registerHooks = undefined;`;
  await project().write(files);
  const parameters = ['--import', old, '--import', `${PACKAGE_NAME}/register`, ...Object.keys(files)];
  const { stderr } = await project().run(parameters, {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    ...environment,
  });
  return stderr;
}

test('an ES module whose calls cannot be instrumented prints the reason once', async () => {
  const { 'app.mjs': mjs, 'app.cjs': cjs } = CALLING;
  expect(await said({ 'app.mjs': mjs })).toMatch(
    /^opentelemetry-instrumentation-openai: Node v\S+ has no module hooks: .*Use Node 22.15 or later, .*\n$/,
  );
  expect(await said({ 'app.cjs': cjs })).toBe('');
  expect(await said({ 'app.mjs': mjs }, { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' })).toBe('');
  expect(await said({ 'app.mjs': mjs }, { OTEL_SDK_DISABLED: 'true' })).toBe('');
});

test.each([
  ['does not use openai', `console.log('done');`],
  ['makes no calls', `import 'openai';`],
  [
    'instruments its client itself',
    `import OpenAI from 'openai';
     import { instrumentOpenAI } from '${PACKAGE_NAME}/client';
     instrumentOpenAI(OpenAI);
     ${CALL}`,
  ],
])('an ES module that %s prints nothing', async (_, program) => {
  expect(await said({ 'app.mjs': program })).toBe('');
});
