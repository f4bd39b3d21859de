import { expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

const TELEMETRY = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ spanProcessors: [], instrumentations: [new OpenAIInstrumentation()] }).start();
`;
const THREAD = `
  import { Worker } from 'node:worker_threads';
  await new Promise((ended) => new Worker('0', { eval: true }).on('exit', ended));
`;

async function said(command: string, nodeOptions = ''): Promise<string> {
  await project().write({
    'telemetry.mjs': TELEMETRY,
    'telemetry.cjs': `require('${PACKAGE_NAME}');`,
    [`${PACKAGE_NAME}.js`]: `require('${PACKAGE_NAME}');`,
    'app.mjs': `import OpenAI from 'openai';${CALL}`,
    'importing.mjs': `import './telemetry.mjs';`,
    'thread.mjs': THREAD,
  });
  const { code, stderr } = await project().run(command.split(' '), {
    BASE_URL: simulator().url,
    NODE_OPTIONS: nodeOptions,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  });
  expect(code, stderr).toBe(0);
  return stderr;
}

function line(option: string): string {
  return `${PACKAGE_NAME}: ${option} ${PACKAGE_NAME} alone records nothing. Write ${option} ${PACKAGE_NAME}/register instead.\n`;
}

test.each<[command: string, nodeOptions: string, option: string]>([
  [`--import ${PACKAGE_NAME} app.mjs`, '', '--import'],
  [`--import=${PACKAGE_NAME} app.mjs`, '', '--import'],
  [`-r ${PACKAGE_NAME} app.mjs`, '', '-r'],
  [`--require ${PACKAGE_NAME} app.mjs`, '', '--require'],
  ['app.mjs', `--import ${PACKAGE_NAME}`, '--import'],
  ['app.mjs', `--enable-source-maps --import "${PACKAGE_NAME}"`, '--import'],
  ['app.mjs', `-r ${PACKAGE_NAME}`, '-r'],
  [`--require ./node_modules/${PACKAGE_NAME} app.mjs`, '', '--require'],
  [`--import ./node_modules/${PACKAGE_NAME}/dist/index.mjs app.mjs`, '', '--import'],
  [`--import ${PACKAGE_NAME} thread.mjs`, '', '--import'],
])('node %s with NODE_OPTIONS="%s" says what to write instead', async (command, nodeOptions, option) => {
  expect(await said(command, nodeOptions)).toBe(line(option));
});

test.each([
  ['importing.mjs', ''],
  ['--import ./telemetry.mjs app.mjs', ''],
  ['--require ./telemetry.cjs app.mjs', ''],
  [`--require ./${PACKAGE_NAME} app.mjs`, ''],
  ['app.mjs', '--import ./telemetry.mjs'],
  [`--import ${PACKAGE_NAME}/register --import ./telemetry.mjs app.mjs`, ''],
  [`--import ${PACKAGE_NAME} --import ${PACKAGE_NAME}/register app.mjs`, ''],
  [`--import ${PACKAGE_NAME} app.mjs`, `--require ${PACKAGE_NAME}/register`],
])('node %s with NODE_OPTIONS="%s" says nothing', async (command, nodeOptions) => {
  expect(await said(command, nodeOptions)).toBe('');
});
