import { expect, it } from 'vitest';
import { responseBody } from '../support/bodies.ts';
import { timedTools } from '../support/timed-tools.ts';
import { library } from './library.ts';
import { calling, newFatalTool, newHelper, newTool, startAgents, tracingOrNot } from './program.ts';

const { Agent } = library;

function guardrail(type: string, behavior: string): object {
  return { type, name: type, run: async () => ({ behavior: { type: behavior }, outputInfo: {} }) };
}

/** A tool that waits for the signal of its run, and rejects with its reason. */
function newWaitingTool(called: () => void): object {
  const wait = (signal: AbortSignal | undefined): Promise<string> =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      setTimeout(resolve, 1_000, 'late').unref();
      called();
    });
  const execute = (_: unknown, __: unknown, details?: { signal?: AbortSignal }): Promise<string> =>
    wait(details?.signal);
  return newTool('wait', () => undefined, { execute });
}

const asking = { output: [{ mcpApprovalRequest: { server: 'wiki', name: 'ask', arguments: {} } }] } as const;
const sorry = { output: [{ message: 'Sorry.' }] };
const failed = {
  output: [{ mcpCall: { server: 'wiki', name: 'ask', arguments: {}, error: 'no' } }, { message: 'Sorry.' }],
};
const echo = newTool('echo', () => 'echo');

/** Only newer versions have guardrails of tools, and end the others when one tool fails. */
const isNew = 'ToolInputGuardrailTripwireTriggered' in library && library.withTraceContext !== undefined;

tracingOrNot((tracing) => {
  it('says that a person did not approve a tool', async () => {
    const program = await startAgents({ tracing });
    program.simulator.respond({ output: [calling('delete')] }, sorry);
    const deleting = newTool('delete', () => 'deleted', { needsApproval: true });
    const agent = newHelper(deleting);
    const { state, interruptions } = await program.runner.run(agent, 'Hi');
    for (const interruption of interruptions) state.reject(interruption);
    await program.runner.run(agent, state);
    const tools = await program.flushed('execute_tool delete');
    expect(tools.map(({ attributes: told }) => [told['openai.tool.outcome'], told['error.type']])).toEqual([
      ['denied', undefined],
    ]);
    expect(await timedTools(program)).toEqual([]);
  });

  it.each([
    [
      'denied it',
      sorry,
      ['├─ execute_tool ask  openai.tool.outcome=denied openai.mcp.server_label=wiki', '└─ chat gpt-4o'],
    ],
    ['approved it', failed, ['├─ chat gpt-4o', '└─ execute_tool ask  !mcp_tool_execution_error']],
  ] as const)(
    'records the call of a hosted MCP server once, where a person has %s',
    async (what, then, [tool, answer]) => {
      const program = await startAgents({ tracing });
      program.simulator.respond(asking, then);
      const wiki = library.hostedMcpTool({
        serverLabel: 'wiki',
        serverUrl: 'https://wiki.example',
        requireApproval: 'always',
        onApproval: async () => ({ approve: what === 'approved it' }),
      });
      await program.runner.run(newHelper(wiki), 'Hi');
      await program.expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ chat gpt-4o
       ${tool}
       ${answer}
  `);
      expect(await timedTools(program)).toEqual([]);
    },
  );

  it('counts the call of an MCP server that failed', async () => {
    const program = await startAgents({ tracing });
    program.simulator.respond({ output: [calling('read')] }, sorry);
    const parameters = { type: 'object', properties: {}, required: [], additionalProperties: false };
    const server = {
      name: 'files',
      cacheToolsList: true,
      connect: async () => undefined,
      close: async () => undefined,
      invalidateToolsCache: async () => undefined,
      listTools: async () => [{ name: 'read', description: 'Reads.', inputSchema: parameters }],
      callTool: () => Promise.reject(new RangeError('a secret')),
    };
    await program.runner.run(new Agent({ name: 'Helper', model: 'gpt-4o', mcpServers: [server] }), 'Hi');
    // The oldest versions name the class of the error.
    expect(await timedTools(program)).toEqual([expect.stringMatching(/^read (ToolCallError|RangeError)$/)]);
  });

  it.skipIf(!isNew).each([
    ['input', 'ToolInputGuardrailTripwireTriggered', []],
    ['output', 'ToolOutputGuardrailTripwireTriggered', ['echo ToolOutputGuardrailTripwireTriggered']],
  ])('counts a tool only if it ran before its %s guardrail stopped it', async (when, error, timed) => {
    const program = await startAgents({ tracing });
    program.simulator.respond({ output: [calling('echo')] });
    const guarded = newTool('echo', () => 'echo', {
      [`${when}Guardrails`]: [guardrail(`tool_${when}`, 'throwException')],
    });
    const agent = newHelper(guarded);
    await expect(program.runner.run(agent, 'Hi')).rejects.toThrow(error);
    await program.expectTree(`
    invoke_workflow Agent workflow  !ToolCallError
    └─ invoke_agent Helper          !ToolCallError
       ├─ chat gpt-4o
       └─ execute_tool echo         !${error}
  `);
    expect(await timedTools(program)).toEqual(timed);
  });

  it.skipIf(!isNew)('says that the program has aborted the run of a tool', async () => {
    const program = await startAgents({ tracing });
    const abort = new AbortController();
    program.simulator.respond({ output: [calling('wait')] });
    const waiting = newWaitingTool(() => abort.abort());
    const agent = newHelper(waiting);
    await expect(program.runner.run(agent, 'Hi', { signal: abort.signal })).rejects.toThrow('aborted');
    await program.expectTree(`
    invoke_workflow Agent workflow  !AbortError
    └─ invoke_agent Helper          !AbortError
       ├─ chat gpt-4o
       └─ execute_tool wait         openai.tool.outcome=cancelled
  `);
    expect(await timedTools(program)).toEqual([]);
  });

  it.skipIf(!isNew)('says that the failure of another tool has ended a tool', async () => {
    const program = await startAgents({ tracing });
    program.simulator.respond({ output: [calling('wait'), calling('fail')] });
    const tools = [newWaitingTool(() => undefined), newFatalTool(new TypeError('a secret'))];
    const agent = newHelper(...tools);
    await expect(program.runner.run(agent, 'Hi')).rejects.toThrow('a secret');
    await program.expectTree(`
    invoke_workflow Agent workflow  !ToolCallError
    └─ invoke_agent Helper          !ToolCallError
       ├─ chat gpt-4o
       ├─ execute_tool wait         openai.tool.outcome=cancelled
       └─ execute_tool fail         !TypeError
  `);
    expect(await timedTools(program)).toEqual(['fail TypeError']);
  });

  it('says that a call of a tool that an agent does not have ends its run', async () => {
    const program = await startAgents({ tracing });
    program.simulator.respond({ output: [calling('forget'), calling('echo'), calling('forget')] });
    const agent = newHelper(echo);
    await expect(program.runner.run(agent, 'Hi')).rejects.toThrow('not found');
    await program.expectTree(`
    invoke_workflow Agent workflow  !ModelBehaviorError
    └─ invoke_agent Helper          !ModelBehaviorError
       └─ chat gpt-4o
  `);
    expect(await timedTools(program)).toEqual([]);
  });

  it.skipIf(!isNew)('says that the arguments of a tool cannot be parsed', async () => {
    const program = await startAgents({ tracing });
    const call = {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'call_1',
      name: 'echo',
      status: 'completed',
    };
    program.simulator.next({ body: responseBody([{ ...call, arguments: '{' }]) });
    program.simulator.respond(sorry);
    await program.runner.run(newHelper(echo), 'Hi');
    await program.expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ chat gpt-4o
       ├─ execute_tool echo  !refused
       └─ chat gpt-4o
  `);
    expect(await timedTools(program)).toEqual([]);
  });

  // The oldest versions have no spans for shells.
  it.skipIf(!isNew).each([
    ['exitCode', 1, '!failed', 'shell failed'],
    ['exitCode', 0, '', 'shell'],
  ])('reads how a command of a shell ended: %s %d', async (field, code, marked, timed) => {
    const program = await startAgents({ tracing });
    const call = { id: 'sh_1', type: 'shell_call', call_id: 'call_1', status: 'completed' };
    program.simulator.next({ body: responseBody([{ ...call, action: { commands: ['make'] } }]) });
    program.simulator.respond(sorry);
    const outcome = { type: 'exit', [field]: code };
    const run = async (): Promise<object> => ({ output: [{ stdout: '', stderr: '', outcome }] });
    const shell = library.shellTool({ shell: { run } });
    await program.runner.run(newHelper(shell), 'Hi');
    await program.expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ chat gpt-4o
       ├─ execute_tool shell  ${marked}
       └─ chat gpt-4o
  `);
    expect(await timedTools(program)).toEqual([timed]);
  });
});
