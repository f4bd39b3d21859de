import { expect, it } from 'vitest';
import { responseBody } from '../support/bodies.ts';
import type { OutputScript } from '../support/simulator/index.ts';
import { timedTools } from '../support/timed-tools.ts';
import { type LibraryAgent, library } from './library.ts';
import { calling, newFatalTool, newHelper, newTool, startAgents, tracingOrNot } from './program.ts';

function guardrail(type: string, behavior: string): object {
  return { type, name: type, run: async () => ({ behavior: { type: behavior }, outputInfo: {} }) };
}

/** A tool that waits for the signal of its run, and rejects with its reason. */
function newWaitingTool(called: () => void, options: object = {}): object {
  const wait = (signal: AbortSignal | undefined): Promise<string> =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      setTimeout(resolve, 1_000, 'late').unref();
      called();
    });
  const execute = (_: unknown, __: unknown, details?: { signal?: AbortSignal }): Promise<string> =>
    wait(details?.signal);
  return newTool('wait', () => undefined, { execute, ...options });
}

const asking = { output: [{ mcpApprovalRequest: { server: 'wiki', name: 'ask', arguments: {} } }] } as const;
const sorry = { output: [{ message: 'Sorry.' }] };
const failed = {
  output: [{ mcpCall: { server: 'wiki', name: 'ask', arguments: {}, error: 'no' } }, { message: 'Sorry.' }],
};
const echo = newTool('echo', () => 'echo');

interface Row {
  /** What the model calls, or the answer of the server with the calls. */
  readonly calls: readonly OutputScript[] | { readonly body: object };
  /** The agent, whose run can be aborted. */
  readonly agent: (abort: () => void) => LibraryAgent;
  /** The run, which ends with this error, and what its message says. */
  readonly fails?: readonly [error: string, message: string];
  /** The spans of the calls. */
  readonly spans: readonly string[];
  /** The calls did not run, so that they have no duration. */
  readonly untimed?: true;
}

const failing = (): object =>
  newTool('fail', () => {
    throw new TypeError('a secret');
  });

function guarded(when: string): object {
  return newTool('echo', () => 'echo', {
    [`${when}Guardrails`]: [guardrail(`tool_${when}`, 'throwException')],
  });
}

/** A shell whose command ends with this code. */
function newShell(exitCode: number): object {
  const outcome = { type: 'exit', exitCode };
  return library.shellTool({
    shell: { run: async () => ({ output: [{ stdout: '', stderr: '', outcome }] }) },
  });
}

const isNew = 'ToolInputGuardrailTripwireTriggered' in library && library.withTraceContext !== undefined;
const CALL = { id: 'item_1', call_id: 'call_1', status: 'completed' };
const MAKE = { body: responseBody([{ ...CALL, type: 'shell_call', action: { commands: ['make'] } }]) };

const ROWS: Readonly<Record<string, Row>> = {
  'a tool that fails, and nothing above it': {
    calls: [calling('fail')],
    agent: () => newHelper(failing()),
    spans: ['execute_tool fail  !ToolCallError'],
  },
  'a tool whose error the program gets, by its class': {
    calls: [calling('fail')],
    agent: () => newHelper(newFatalTool(new TypeError('a secret'))),
    fails: ['ToolCallError', 'a secret'],
    spans: ['execute_tool fail  !TypeError'],
  },
  'a call of a tool that an agent does not have, which ends its run': {
    calls: [calling('forget'), calling('echo'), calling('forget')],
    agent: () => newHelper(echo),
    fails: ['ModelBehaviorError', 'not found'],
    spans: [],
  },
};

/** Only newer versions have guardrails of tools and spans for shells, and end the others when one tool fails. */
const NEW_ROWS: Readonly<Record<string, Row>> = {
  'a tool that ran before its output guardrail stopped it': {
    calls: [calling('echo')],
    agent: () => newHelper(guarded('output')),
    fails: ['ToolCallError', 'ToolOutputGuardrailTripwireTriggered'],
    spans: ['execute_tool echo  !ToolOutputGuardrailTripwireTriggered'],
  },
  'a tool that its input guardrail stopped, without a duration': {
    calls: [calling('echo')],
    agent: () => newHelper(guarded('input')),
    fails: ['ToolCallError', 'ToolInputGuardrailTripwireTriggered'],
    spans: ['execute_tool echo  !ToolInputGuardrailTripwireTriggered'],
    untimed: true,
  },
  'a tool whose run the program has aborted': {
    calls: [calling('wait')],
    agent: (abort) => newHelper(newWaitingTool(abort)),
    fails: ['AbortError', 'aborted'],
    spans: ['execute_tool wait  openai.tool.outcome=cancelled'],
  },
  'a tool that the failure of another tool has ended': {
    calls: [calling('wait'), calling('fail')],
    agent: () =>
      newHelper(
        newWaitingTool(() => undefined),
        newFatalTool(new TypeError('a secret')),
      ),
    fails: ['ToolCallError', 'a secret'],
    spans: ['execute_tool wait  openai.tool.outcome=cancelled', 'execute_tool fail  !TypeError'],
  },
  'arguments of a tool that cannot be parsed': {
    calls: { body: responseBody([{ ...CALL, type: 'function_call', name: 'echo', arguments: '{' }]) },
    agent: () => newHelper(echo),
    spans: ['execute_tool echo  !refused'],
    untimed: true,
  },
  'a command of a shell that failed': {
    calls: MAKE,
    agent: () => newHelper(newShell(1)),
    spans: ['execute_tool shell  !failed'],
  },
  'a command of a shell that succeeded': {
    calls: MAKE,
    agent: () => newHelper(newShell(0)),
    spans: ['execute_tool shell'],
  },
};

/** Old versions have no timeouts. */
const TIMEOUT: Readonly<Record<string, Row>> = {
  'a tool that ends by its timeout, and nothing above it': {
    calls: [calling('wait')],
    agent: () => newHelper(newWaitingTool(() => undefined, { strict: true, timeoutMs: 5 })),
    spans: ['execute_tool wait  !ToolTimeoutError'],
  },
};

tracingOrNot((tracing) => {
  it.each([
    ...Object.entries(ROWS),
    ...('ToolTimeoutError' in library ? Object.entries(TIMEOUT) : []),
    ...(isNew ? Object.entries(NEW_ROWS) : []),
  ])('records %s', async (_, { calls, agent, fails, spans, untimed }) => {
    const program = await startAgents({ tracing });
    if ('body' in calls) program.simulator.next(calls);
    else program.simulator.respond({ output: calls });
    program.simulator.respond(sorry);
    const abort = new AbortController();
    const run = program.runner.run(
      agent(() => abort.abort()),
      'Hi',
      { signal: abort.signal },
    );
    if (fails === undefined) await run;
    else await expect(run).rejects.toThrow(fails[1]);
    const mark = fails === undefined ? '' : `!${fails[0]}`;
    const below = ['chat gpt-4o', ...spans, ...(fails === undefined ? ['chat gpt-4o'] : [])];
    await program.expectTree(`
      invoke_workflow Agent workflow  ${mark}
      └─ invoke_agent Helper          ${mark}
         ${below.map((line, index) => `${index === below.length - 1 ? '└' : '├'}─ ${line}`).join('\n         ')}
    `);
    const ran = spans.filter((line) => untimed !== true && !line.includes('cancelled'));
    const timed = ran.map((line) => line.replace('execute_tool ', '').replace(/ +!/, ' '));
    expect(await timedTools(program)).toEqual(timed);
    const recorded = program.telemetry.spans.map(({ status, attributes }) => [status, attributes]);
    expect(JSON.stringify(recorded)).not.toContain('secret');
  });

  it('says that a person did not approve a tool', async () => {
    const program = await startAgents({ tracing });
    program.simulator.respond({ output: [calling('delete')] }, sorry);
    const agent = newHelper(newTool('delete', () => 'deleted', { needsApproval: true }));
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
});
