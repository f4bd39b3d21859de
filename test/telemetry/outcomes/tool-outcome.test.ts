import { expect, test } from 'vitest';
import { outcomeWithoutResult, readToolOutcome } from '../../../src/telemetry/outcomes/tool-outcome.ts';

const shell = (...outcomes: object[]): object => ({
  type: 'shell_call_output',
  output: outcomes.map((outcome) => ({ stdout: '', stderr: '', outcome })),
});

test.each<[object, ran: boolean | undefined, outcome?: string]>([
  [{ type: 'web_search_call', status: 'completed' }, undefined],
  [{ type: 'function_call_output', output: 'exit_code: 1' }, undefined],
  [shell({ type: 'exit', exit_code: 0 }), undefined],
  [shell({ type: 'exit', exit_code: 0 }, { type: 'exit', exit_code: 1 }), true, 'failed'],
  [shell({ type: 'timeout' }), true, 'timeout'],
  [{ type: 'command_execution', exit_code: 127 }, true, 'failed'],
  [{ type: 'apply_patch_call_output', status: 'failed' }, true, 'failed'],
  [{ type: 'agent.session.input.tool_result', success: false }, true, 'failed'],
  [{ type: 'mcp_call', error: { type: 'mcp_tool_execution_error' } }, true, 'mcp_tool_execution_error'],
  [{ type: 'mcp_call', error: 'a text, as older servers have it' }, true, 'failed'],
  [{ type: 'mcp_call', status: 'failed', error: { code: 'mcp_approval_denied' } }, false, 'denied'],
  [{ type: 'mcp_approval_response', approve: false }, false, 'denied'],
  [{ type: 'mcp_approval_response', approve: true }, undefined],
])('of %j is known that the tool ran: %s, and the outcome %s', (object, ran, expected) => {
  const outcome = readToolOutcome(object);
  expect(outcome?.ran).toBe(ran);
  // Only what ran can fail.
  expect(outcome?.failure === undefined).toBe(ran !== true);
  expect(outcome?.failure?.type ?? outcome?.value).toBe(expected);
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
