import type { Answer, RunScript } from '../../support/simulator/index.ts';
import type { Behaviour } from '../behaviour.ts';

/** Held at the first piece of its message, so that nobody but the client ends it. */
const HELD: Answer = { when: { path: /runs/ }, holdAfter: 21 };

const TUTOR: RunScript = {
  steps: [
    { tools: [{ codeInterpreter: { input: 'solve(3x + 11 = 14)', logs: '[1]' } }] },
    { message: 'The solution is 1.' },
  ],
};

/** The spans of the tutor's run where its whole stream is read. */
const STREAMED_TUTOR: readonly string[] = [
  'create_agent Math Tutor',
  'POST /threads',
  `
  thread
  └─ invoke_agent Math Tutor  openai.stream.end=completed openai.run.status=completed
     ├─ chat gpt-4o-mini
     ├─ execute_tool code_interpreter
     └─ chat gpt-4o-mini
  `,
];

const WEATHER: RunScript = {
  steps: [
    { tools: [{ function: { name: 'get_weather', arguments: { city: 'Oslo' } } }] },
    { message: 'It rains.' },
  ],
};

/** Assistants: runs, in all the ways that they are driven. */
export const ASSISTANTS: readonly Behaviour[] = [
  {
    name: 'assistant-stream',
    title: '`runs.stream`, with all its events',
    runs: [TUTOR],
    spans: STREAMED_TUTOR,
  },
  {
    name: 'assistant-stream-aborted',
    title: '`runs.stream`, aborted',
    runs: [TUTOR],
    answers: [HELD],
    ends: 'tracing',
    spans: [
      'create_agent Math Tutor',
      'POST /threads',
      `
      thread
      └─ invoke_agent Math Tutor  openai.stream.end=aborted openai.run.status=in_progress openai.run.observed=false
         ├─ chat gpt-4o-mini
         ├─ execute_tool code_interpreter
         └─ chat gpt-4o-mini
      `,
    ],
  },
  {
    name: 'assistant-stream-tools',
    title: '`createAndRunStream` and `submitToolOutputsStream`',
    runs: [WEATHER],
    spans: [
      'create_agent Weather Bot',
      `
      thread
      └─ invoke_agent Weather Bot  openai.stream.end=completed openai.run.status=completed
         ├─ chat gpt-4o-mini
         ├─ execute_tool get_weather
         └─ chat gpt-4o-mini
      `,
    ],
  },
  {
    name: 'run-raw-stream',
    title: '`runs.create` with `stream: true`',
    runs: [TUTOR],
    spans: ({ major, minor }) =>
      // The oldest hand out a streamed run as text: its span begins and ends, and nothing is made up.
      major === 4 && minor === 19
        ? [
            'create_agent Math Tutor',
            'POST /threads',
            'thread\n└─ invoke_agent Math Tutor  openai.run.observed=false',
          ]
        : STREAMED_TUTOR,
  },
  {
    name: 'run-polled-by-hand',
    title: 'A run that the program polls itself',
    spans: [
      'create_agent Math Tutor',
      'POST /threads',
      `
      thread
      ├─ POST /threads/{thread_id}/messages
      ├─ invoke_agent Math Tutor  openai.run.status=completed
      └─ GET /threads/{thread_id}/messages
      `,
    ],
  },
  {
    name: 'run-create-and-poll',
    title: '`createAndPoll`, of a run that completes and one that fails',
    runs: [TUTOR, { end: 'failed' }],
    spans: [
      'create_agent Math Tutor',
      'POST /threads',
      `
      thread
      ├─ invoke_agent Math Tutor  openai.run.status=completed
      └─ invoke_agent Math Tutor  !server_error openai.run.status=failed
      `,
    ],
  },
  {
    name: 'run-create-thread-and-poll',
    title: '`createAndRunPoll` and `submitToolOutputsAndPoll`',
    runs: [WEATHER],
    spans: [
      'create_agent Weather Bot',
      `
      thread
      ├─ invoke_agent Weather Bot  openai.run.status=completed
      │  ├─ chat gpt-4o-mini
      │  ├─ execute_tool get_weather
      │  └─ chat gpt-4o-mini
      └─ GET /threads/{thread_id}/runs/{run_id}/steps
      `,
    ],
  },
];
