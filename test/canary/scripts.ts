import type { Simulator } from '../support/simulator/index.ts';
import { PIXEL } from './bodies.ts';

/** One response that uses every hosted tool. */
export function scriptResponse(simulator: Simulator): void {
  simulator.respond({
    output: [
      { reasoning: ['A thought.'], text: 'Thoughts.' },
      { webSearch: { query: 'What?', sources: ['https://here.example/page'] } },
      {
        fileSearch: {
          queries: ['What?'],
          results: [{ file_id: 'file-1', filename: 'report.pdf', score: 0.5, text: 'It.' }],
        },
      },
      { codeInterpreter: { code: 'print(1)', logs: '1', images: 1 } },
      { imageGeneration: { revisedPrompt: 'A picture.' } },
      { computer: { action: { type: 'type', text: 'Typed.' } } },
      { mcpListTools: { server: 'a server', tools: ['look_up'] } },
      { mcpCall: { server: 'a server', name: 'look_up', arguments: { term: 'x' }, output: 'It.' } },
      { mcpCall: { server: 'a server', name: 'look_up', arguments: { term: 'x' }, error: 'It failed.' } },
      { mcpApprovalRequest: { server: 'a server', name: 'look_up', arguments: { term: 'x' } } },
      { shell: { commands: ['ls'], stdout: 'It.' } },
      { custom: { name: 'write', input: 'It.' } },
      { refusal: 'No.' },
      { function: { name: 'look_up', arguments: { term: 'x' } } },
      { message: 'An answer.' },
    ],
  });
}

/** One run that uses every tool, and waits for the output of a function. */
export function scriptRun(simulator: Simulator): void {
  simulator.script({
    steps: [
      { tools: [{ codeInterpreter: { input: 'print(1)', logs: '1', images: 1 } }] },
      {
        tools: [
          {
            fileSearch: {
              query: 'What?',
              results: [{ file_id: 'file-1', file_name: 'report.pdf', score: 0.5, text: 'It.' }],
            },
          },
        ],
      },
      { tools: [{ function: { name: 'look_up', arguments: { term: 'x' } } }] },
      { message: 'An answer.' },
    ],
  });
}

/** One turn with every kind of item. */
export function scriptTurn(simulator: Simulator): void {
  simulator.turn({
    items: [
      { reasoning: 'A thought.' },
      { webSearch: { query: 'What?' } },
      { command: { command: 'ls', output: 'It.' } },
      { mcp: { name: 'look_up', arguments: { term: 'x' }, output: { text: 'It.' } } },
      { mcp: { name: 'look_up', arguments: { term: 'x' }, error: { message: 'It failed.' } } },
      { computerUse: { title: 'A title.', screenshot: PIXEL } },
      { subagent: { name: 'Reader', task: 'Read.', items: [{ message: 'It is read.' }] } },
      { message: 'An answer.' },
    ],
  });
}
