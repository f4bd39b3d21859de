import { FRAMEWORK_LANES } from '../../lanes/lanes.ts';
import type { ProgramLane } from '../../support/lanes/lanes.ts';
import type { Behaviour } from '../behaviour.ts';

/** A library that makes calls of `openai` itself, and what programs do with it. */
export interface Framework {
  readonly title: string;
  /** Where its programs are, in `frameworks/`. */
  readonly folder: string;
  readonly lanes: readonly ProgramLane[];
  readonly behaviours: readonly Behaviour[];
}

const CALLING = { output: [{ function: { name: 'echo', arguments: { word: 'x' } } }] };
const ANSWER = { output: [{ message: 'Yes.' }] };

const AGENTS: readonly Behaviour[] = [
  {
    name: 'agents-tool',
    title: 'An agent with a tool',
    responses: [CALLING, ANSWER],
    spans: [
      `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         ├─ chat gpt-4o
         ├─ execute_tool echo
         └─ chat gpt-4o
      `,
    ],
  },
  {
    name: 'agents-streamed',
    title: 'The same, streamed',
    responses: [CALLING, ANSWER],
    spans: [
      `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         ├─ chat gpt-4o        openai.stream.end=completed
         ├─ execute_tool echo
         └─ chat gpt-4o        openai.stream.end=completed
      `,
    ],
  },
  {
    name: 'agents-stream-left',
    title: 'A stream that is left early',
    responses: [ANSWER],
    spans: [
      `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         └─ chat gpt-4o  openai.stream.end=aborted
      `,
    ],
  },
  {
    name: 'agents-handoff',
    title: 'A handoff, with the events of the runner',
    responses: [{ output: [{ function: { name: 'transfer_to_Tutor', arguments: {} } }] }, ANSWER],
    spans: [
      `
      invoke_workflow Agent workflow
      ├─ invoke_agent Triage
      │  ├─ chat gpt-4o
      │  └─ execute_tool transfer_to_Tutor
      └─ invoke_agent Tutor
         └─ chat gpt-4o
      `,
    ],
  },
  {
    name: 'agents-failures',
    title: 'A refused request, too many turns, a guardrail that triggers',
    answers: [{ status: 400, body: { error: { message: 'No.', code: 'invalid_prompt' } } }],
    responses: [{ output: [{ function: { name: 'fail', arguments: {} } }] }],
    spans: [
      `
      invoke_workflow Agent workflow  !invalid_prompt
      └─ invoke_agent Failing         !invalid_prompt
         └─ chat gpt-4o               !invalid_prompt
      `,
      `
      invoke_workflow Agent workflow  !MaxTurnsExceededError
      └─ invoke_agent Failing         !MaxTurnsExceededError
         ├─ chat gpt-4o
         └─ execute_tool fail         !ToolCallError
      `,
      `
      invoke_workflow Agent workflow  !InputGuardrailTripwireTriggered
      └─ invoke_agent Guarded         !InputGuardrailTripwireTriggered
         └─ guardrail polite
      `,
    ],
  },
  {
    name: 'agents-never-awaited',
    title: 'A run that fails and that nobody awaits',
    answers: [{ status: 400, body: { error: { message: 'No.', code: 'invalid_prompt' } } }],
    spans: [
      `
      invoke_workflow Agent workflow  !invalid_prompt
      └─ invoke_agent Helper          !invalid_prompt
         └─ chat gpt-4o               !invalid_prompt
      `,
    ],
  },
  {
    name: 'agents-session',
    title: 'Two runs with a session',
    responses: [ANSWER, ANSWER],
    spans: [1, 2].map(
      () => `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         └─ chat gpt-4o
      `,
    ),
  },
];

const LANGGRAPH: readonly Behaviour[] = [
  {
    name: 'graph-invoked',
    title: 'A graph with a model and a tool',
    spans: ['chat gpt-4o', 'execute_tool echo', 'chat gpt-4o'],
  },
  {
    name: 'graph-streamed',
    title: 'The same, streamed',
    spans: [
      'chat gpt-4o  openai.stream.end=completed',
      'execute_tool echo',
      'chat gpt-4o  openai.stream.end=completed',
    ],
  },
  {
    name: 'graph-fails',
    title: 'A graph whose model fails',
    answers: [{ status: 400, body: { error: { message: 'No.', code: 'invalid_prompt' } } }],
    spans: ['chat gpt-4o  !invalid_prompt'],
  },
];

function laneOf(name: string, openai: string, line: 2 | 3): ProgramLane {
  const lane = FRAMEWORK_LANES.find((row) => row.name === name);
  if (lane === undefined) throw new Error(`There is no lane ${name}.`);
  return { ...lane, openai, line };
}

export const FRAMEWORKS: readonly Framework[] = [
  {
    title: '`@openai/agents` 0.20',
    folder: 'agents',
    lanes: [laneOf('openai-agents', '7.57.0', 3), laneOf('openai-agents-sdk-2', '7.57.0', 2)],
    behaviours: AGENTS,
  },
  {
    title: 'LangGraph 1.7',
    folder: 'langgraph',
    lanes: [laneOf('langgraph', '7.57.0', 3)],
    behaviours: LANGGRAPH,
  },
];
