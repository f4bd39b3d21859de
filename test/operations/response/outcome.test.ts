import { expect, test } from 'vitest';
import { finishReasonOf, readResponseFailure } from '../../../src/operations/response/outcome.ts';

const CALL = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' };
const SHELL = { type: 'shell_call', id: 'sh_1', call_id: 'call_1' };

test.each<[string | undefined, object]>([
  ['stop', { status: 'completed', output: [{ type: 'message' }] }],
  ['tool_calls', { status: 'completed', output: [{ type: 'reasoning' }, CALL] }],
  ['stop', { status: 'completed', output: [CALL, { type: 'function_call_output', call_id: 'call_1' }] }],
  ['tool_calls', { status: 'completed', output: [{ type: 'mcp_approval_request', id: 'mcpr_1' }] }],
  ['stop', { status: 'completed', output: [{ type: 'mcp_call', id: 'mcp_1', name: 'ask' }] }],
  ['tool_calls', { status: 'completed', output: [{ ...SHELL, environment: { type: 'local' } }] }],
  ['stop', { status: 'completed', output: [{ ...SHELL, environment: { type: 'container_reference' } }] }],
  ['tool_calls', { status: 'completed', output: [{ type: 'tool_search_call', execution: 'client' }] }],
  ['stop', { status: 'completed', output: [{ type: 'something_new_call' }] }],
  ['content_filter', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
  [undefined, { status: 'incomplete', incomplete_details: null }],
  ['error', { status: 'failed' }],
  ['cancelled', { status: 'cancelled' }],
  [undefined, { status: 'queued' }],
  [undefined, { status: 'in_progress', output: [CALL] }],
  [undefined, { status: 'constructor' }],
  [undefined, {}],
])('the finish reason of a response is %s for %j', (reason, response) => {
  expect(finishReasonOf(response)).toBe(reason);
});

test.each<[string | undefined, unknown]>([
  ['rate_limit_exceeded', { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow.' } }],
  ['failed', { status: 'failed', error: null }],
  ['failed', { status: 'failed', error: { message: 'It broke.' } }],
  [undefined, { status: 'completed', error: null }],
  [undefined, { status: 'cancelled' }],
  [undefined, undefined],
])('the failure of a response is %s in %j', (type, response) => {
  expect(readResponseFailure(response)?.type).toBe(type);
});
