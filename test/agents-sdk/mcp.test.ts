import { trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { library } from './library.ts';
import { calling, startAgents } from './program.ts';

const { Agent } = library;

/** An MCP server whose work is a span of the program's. */
function newServer(name: string): object {
  const work = async <Result>(name: string, result: Result): Promise<Result> =>
    trace.getTracer('program').startActiveSpan(name, (span) => {
      span.end();
      return result;
    });
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
    callTool: () => work('call', [{ type: 'text', text: 'a secret' }]),
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
    const { runner, simulator, telemetry, expectTree } = await startAgents({ tracing });
    simulator.respond({ output: [calling('read_file')] }, { output: [{ message: 'Read.' }] });
    const agent = new Agent({ name: 'Helper', model: 'gpt-4o', mcpServers: [newServer(name)] });
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
