import { expect, test } from 'vitest';
import { outcomeWithoutResult, readToolOutcome } from '../../../src/telemetry/outcomes/tool-outcome.ts';

const shell = (...outcomes: object[]): object => ({
  type: 'shell_call_output',
  output: outcomes.map((outcome) => ({ stdout: '', stderr: '', outcome })),
});

test.each<[object, object | undefined]>([
  [{ type: 'web_search_call', status: 'completed' }, undefined],
  [{ type: 'function_call_output', output: 'exit_code: 1' }, undefined],
  [shell({ type: 'exit', exit_code: 0 }), undefined],
  [shell({ type: 'exit', exit_code: 0 }, { type: 'exit', exit_code: 1 }), { ran: true, error: 'failed' }],
  [shell({ type: 'timeout' }), { ran: true, error: 'timeout' }],
  [
    { type: 'command_execution', exit_code: 127 },
    { ran: true, error: 'failed' },
  ],
  [
    { type: 'apply_patch_call_output', status: 'failed' },
    { ran: true, error: 'failed' },
  ],
  [
    { type: 'agent.session.input.tool_result', success: false },
    { ran: true, error: 'failed' },
  ],
  [
    { type: 'mcp_call', error: { type: 'mcp_tool_execution_error', content: [] } },
    { ran: true, error: 'mcp_tool_execution_error' },
  ],
  [
    { type: 'mcp_call', error: 'a text, as older servers have it' },
    { ran: true, error: 'failed' },
  ],
  [
    { type: 'mcp_call', status: 'failed', error: { code: 'mcp_approval_denied' } },
    { ran: false, value: 'denied' },
  ],
  [
    { type: 'mcp_approval_response', approve: false },
    { ran: false, value: 'denied' },
  ],
  [{ type: 'mcp_approval_response', approve: true }, undefined],
])('the outcome of %j is %j', (object, expected) => {
  const outcome = readToolOutcome(object);
  const { ran, failure, value } = outcome ?? {};
  expect(outcome && { ran, ...(failure ? { error: failure.type } : { value }) }).toEqual(expected);
});

test.each([
  ['completed', undefined],
  ['cancelled', 'cancelled'],
  ['expired', 'expired'],
  ['failed', 'unanswered'],
  ['incomplete', 'unanswered'],
  ['in_progress', 'unanswered'],
  [undefined, 'unanswered'],
])('a call without a result, in what ended as %s', (status, expected) => {
  const outcome = outcomeWithoutResult(status);
  expect(outcome?.failure?.type ?? outcome?.value).toBe(expected);
  expect(outcome?.ran).toBe(outcome && false);
});
