import { trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { timedTools } from '../support/timed-tools.ts';
import { library } from './library.ts';
import { calling, startAgents } from './program.ts';

const { Agent } = library;

async function work<Result>(name: string, result: Result): Promise<Result> {
  return trace.getTracer('program').startActiveSpan(name, (span) => {
    span.end();
    return result;
  });
}

/** An MCP server whose work is a span of the program's. */
function newServer(name: string, callTool: () => Promise<object[]>): object {
  const parameters = { type: 'object', properties: {}, required: [], additionalProperties: false };
  return {
    name,
    cacheToolsList: false,
    connect: async () => undefined,
    close: async () => undefined,
    invalidateToolsCache: async () => undefined,
    listTools: () =>
      work('list', [
        { name: 'read_file', description: 'Reads.', inputSchema: parameters },
        { name: 'list_files', description: 'Lists.', inputSchema: parameters },
      ]),
    callTool,
  };
}

it.each([
  ['files', 'files', true],
  ['my-files', 'my-files', false],
  ['streamable-http: https://user:secret@host/secret/mcp?api_key=secret', 'streamable-http', true],
  ['sse: http://host/secret', 'sse', true],
  ['https://host/secret', 'https', true],
])(
  'records what an MCP server lists and runs, and its name without its address: %s',
  async (name, shown, tracing) => {
    const { runner, telemetry, expectTree, answer } = await startAgents({ tracing });
    answer([calling('read_file')], 'Read.');
    const server = newServer(name, () => work('call', [{ type: 'text', text: 'a secret' }]));
    const agent = new Agent({ name: 'Helper', model: 'gpt-4o', mcpServers: [server] });
    expect((await runner.run(agent, 'Hi')).finalOutput).toBe('Read.');
    await expectTree(`
    invoke_workflow Agent workflow
    └─ invoke_agent Helper
       ├─ tools/list              openai.agents.mcp.server=${shown} openai.agents.mcp.tool_count=2
       │  └─ list
       ├─ chat gpt-4o
       ├─ execute_tool read_file  openai.tool.type=mcp openai.agents.mcp.server=${shown}
       │  └─ call
       ├─ tools/list              openai.agents.mcp.server=${shown} openai.agents.mcp.tool_count=2
       │  └─ list
       └─ chat gpt-4o
  `);
    expect(JSON.stringify(telemetry.spans.map(({ attributes }) => attributes))).not.toContain('secret');
  },
);

it.each([{ tracing: true }, { tracing: false }])(
  'counts a call that failed: $tracing',
  async ({ tracing }) => {
    const program = await startAgents({ tracing });
    program.answer([calling('read_file')], 'Sorry.');
    const server = newServer('files', () => Promise.reject(new RangeError('a secret')));
    await program.runner.run(new Agent({ name: 'Helper', model: 'gpt-4o', mcpServers: [server] }), 'Hi');
    // The oldest versions name the class of the error.
    expect(await timedTools(program)).toEqual([
      expect.stringMatching(/^read_file (ToolCallError|RangeError)$/),
    ]);
  },
);
