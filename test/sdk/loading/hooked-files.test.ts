import { expect, it } from 'vitest';
import { hookedFile } from '../../../src/sdk/loading/hooked-files.ts';

it.each([
  ['/app/node_modules/openai/client.js', 'client', '/app/node_modules/openai'],
  ['file:///app/node_modules/openai/client.mjs', 'client', 'file:///app/node_modules/openai'],
  ['/app/node_modules/openai/index.js', 'client', '/app/node_modules/openai'],
  ['/app/node_modules/openai/resources/live/forks/ws.js', 'socket', '/app/node_modules/openai'],
  ['/app/node_modules/openai/resources/beta/responses/ws.mjs', 'socket', '/app/node_modules/openai'],
  ['file:///m/openai/realtime/translations/ws.mjs', 'socket', 'file:///m/openai'],
  ['C:\\app\\node_modules\\openai\\realtime\\ws.js', 'socket', 'C:\\app\\node_modules\\openai'],
  ['/app/node_modules/openai/helpers/responses-tool-runner.mjs', 'loop', '/app/node_modules/openai'],
  ['/app/node_modules/openai/helpers/decisions-tool-runner.js', 'loop', '/app/node_modules/openai'],
  ['/m/@openai/agents-core/dist/run.mjs', 'agents', '/m/@openai/agents-core'],
  ['C:\\m\\@openai\\agents-core\\dist\\run.js', 'agents', 'C:\\m\\@openai\\agents-core'],
  ['/m/@openai/agents-realtime/dist/openaiRealtimeBase.js', 'agents-realtime', '/m/@openai/agents-realtime'],
  ['/m/@opentelemetry/api/dist/index.cjs', 'api', '/m/@opentelemetry/api'],
  ['file:///m/@opentelemetry/api/dist/index.mjs', 'api', 'file:///m/@opentelemetry/api'],
  ['C:\\m\\@opentelemetry\\api\\build\\src\\index.js', 'api', 'C:\\m\\@opentelemetry\\api'],
  // As `require-in-the-middle` names them.
  ['openai/index.js', 'client', 'openai'],
  ['openai/core.js', 'client', 'openai'],
  ['@opentelemetry/api/build/src/index.js', 'api', '@opentelemetry/api'],
])('the file %s defines a %s of %s', (file, defines, folder) => {
  const found = hookedFile(file);
  expect([found?.defines, found?.folder]).toEqual([defines, folder]);
});

it.each([
  '/app/node_modules/openai/resources/live/index.js',
  '/app/node_modules/openai/resources/responses/ws-base.js',
  '/app/node_modules/ws/lib/websocket.js',
  '/app/node_modules/openai/helpers/zod.js',
  '/app/node_modules/openai/lib/responses/ResponseInputItems.js',
  '/app/dist/runner.js',
  '/m/@opentelemetry/api/dist/experimental/index.cjs',
  '/m/@opentelemetry/core/dist/index.js',
])('the file %s is not hooked', (file) => {
  expect(hookedFile(file)).toBeUndefined();
});
