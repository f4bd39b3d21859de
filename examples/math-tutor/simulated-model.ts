import type { ResponseScript, RunScript, Simulator } from '../../test/support/simulator/index.ts';

/** What the simulated model does in each of the two runs. Each step is one model call. */
export const RUNS: readonly RunScript[] = [
  {
    steps: [
      {
        tools: [
          {
            codeInterpreter: {
              input: 'from sympy import *\nx = symbols("x")\nsolve(3*x + 11 - 14)',
              logs: '[1]',
            },
          },
        ],
        usage: { prompt: 171, completion: 42 },
      },
      {
        message: 'Subtract 11 from both sides, then divide by 3: x = 1.',
        usage: { prompt: 238, completion: 19 },
      },
    ],
  },
  {
    steps: [
      {
        tools: [
          {
            fileSearch: {
              results: [
                { file_id: 'file-textbook', file_name: 'textbook.md', score: 0.91 },
                { file_id: 'file-exercises', file_name: 'exercises.md', score: 0.64 },
              ],
            },
          },
        ],
        usage: { prompt: 294, completion: 21 },
      },
      {
        tools: [
          {
            function: {
              name: 'convert_length',
              arguments: { value: 42.195, from: 'km', to: 'mi' },
            },
          },
        ],
        usage: { prompt: 517, completion: 29, cached: 256 },
      },
      {
        message: 'A marathon is 42.195 km, which is 26.22 miles.',
        usage: { prompt: 569, completion: 17, cached: 512 },
      },
    ],
  },
];

/** The version that answers requests for `gpt-5-mini`. */
const MODEL = 'gpt-5-mini-2025-08-07';

/** What the simulated model does in the same conversation of the Responses API. Each response is one model call. */
export const RESPONSES: readonly ResponseScript[] = [
  {
    model: MODEL,
    output: [
      {
        codeInterpreter: { code: 'from sympy import *\nx = symbols("x")\nsolve(3*x + 11 - 14)', logs: '[1]' },
      },
      { message: 'Subtract 11 from both sides, then divide by 3: x = 1.' },
    ],
    usage: { prompt: 409, completion: 61 },
  },
  {
    model: MODEL,
    output: [
      { fileSearch: { queries: ['length of a marathon'] } },
      { function: { name: 'convert_length', arguments: { value: 42.195, from: 'km', to: 'mi' } } },
    ],
    usage: { prompt: 517, completion: 50, cached: 256 },
  },
  {
    model: MODEL,
    output: [{ message: 'A marathon is 42.195 km, which is 26.22 miles.' }],
    usage: { prompt: 569, completion: 17, cached: 512 },
  },
];

/** Delays the events of each response about as long as a quick model takes. */
export function slowResponses(simulator: Simulator): void {
  for (const eventDelayMs of [60, 50, 20]) simulator.next({ when: { path: '/responses' }, eventDelayMs });
}

const POLL = { method: 'GET', path: /\/runs\/run_\d+$/ };
const RUNS_OF_THREAD = '/threads/thread_000001/runs';

/**
 * Delays the simulator's answers about as long as a quick model takes, so that the tree shows realistic durations. A
 * polled run has one stage at its beginning, two for each step, and one at its end.
 */
export function slowDown(simulator: Simulator): void {
  for (const delayMs of [50, 1000, 50, 1000, 50, 50]) simulator.next({ when: POLL, delayMs });
  simulator.next({ when: { path: RUNS_OF_THREAD } });
  simulator.next({ when: { path: RUNS_OF_THREAD }, eventDelayMs: 30 });
  simulator.next({ when: { path: /submit_tool_outputs$/ }, eventDelayMs: 30 });
}
