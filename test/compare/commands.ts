import { run } from '../support/lanes/command.ts';
import type { ProgramLane } from '../support/lanes/lanes.ts';
import type { Answer } from '../support/simulator/index.ts';
import { startSimulator } from '../support/simulator/index.ts';
import type { InstalledVersion } from './lanes.ts';
import { NOTHING, type Outcomes } from './outcome.ts';

/** A program that is a process: what it prints and how it ends is what is compared. */
interface Command {
  readonly name: string;
  /** What `node` is given. */
  readonly parameters: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What its server answers first. */
  readonly answers?: readonly Answer[];
  /** Runs in the quick comparison. */
  readonly quick?: boolean;
}

const PACKAGE = 'opentelemetry-instrumentation-openai';
const CONSOLE = { OTEL_TRACES_EXPORTER: 'console' };
const REGISTER = ['--import', `${PACKAGE}/register`];
const EXAMPLE = ['--import', './examples/support/register.mjs'];

function example(name: string, imports: readonly string[] = EXAMPLE): Command {
  return { name: `example ${name}`, parameters: [...imports, `examples/${name}/main.mjs`], env: CONSOLE };
}

function withApi(...imports: readonly string[]): string[] {
  return ['./examples/support/api.mjs', ...imports].flatMap((module) => ['--import', module]);
}

function tutor(...options: readonly string[]): Command {
  return {
    name: ['Math Tutor', ...options].join(' '),
    parameters: ['examples/math-tutor/main.ts', ...options],
    quick: options.length === 0,
  };
}

/** A program with a client; it may `ask()`. */
function inline(name: string, body: string, more: Partial<Command> = {}): Command {
  const text = `
    const { OpenAI } = await import('openai');
    const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
    const messages = [{ role: 'user', content: 'Hi' }];
    const ask = (options) => client.chat.completions.create({ model: 'gpt-4o', messages, ...options });
    ${body}`;
  const parameters = [...REGISTER, '--input-type=module', '--eval', text];
  return { name, parameters, env: CONSOLE, quick: true, ...more };
}

const ASK = 'console.log((await ask()).choices[0].message.content);';
const OPTION = 'OTEL_INSTRUMENTATION_OPENAI';

const COMMANDS: readonly Command[] = [
  tutor(),
  tutor('--content', '--summary'),
  tutor('--agents'),
  tutor('--realtime'),
  ...[
    'agents',
    'azure',
    'evaluations',
    'migration',
    'openai-agents',
    'own-functions',
    'streaming',
    'tools',
  ].map((name) => example(name)),
  example('processes', withApi('./examples/processes/telemetry.mjs')),
  example('quick-start', withApi('./examples/quick-start/telemetry.mjs')),
  example('zero-code', withApi(`${PACKAGE}/register`)),
  inline('a call', ASK),
  inline('a call, with content', ASK, {
    env: { ...CONSOLE, OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY' },
  }),
  inline('a call of a program that is switched off', ASK, { env: { ...CONSOLE, OTEL_SDK_DISABLED: 'true' } }),
  inline('a call with mistakes in the options', ASK, {
    env: { ...CONSOLE, [`${OPTION}_RUN_STEPS`]: 'perhaps', [`${OPTION}_ACME`]: '1', [`${OPTION}_COST`]: '?' },
  }),
  inline('a call that sends nothing', ASK, {
    env: { OTEL_TRACES_EXPORTER: 'none', OTEL_LOG_LEVEL: 'info' },
  }),
  inline('a failure that nobody handles', 'await ask();', {
    answers: [{ status: 500, body: { error: { message: 'It failed.' } } }],
  }),
  inline('a rejection that nobody handles', 'void ask(); setTimeout(() => undefined, 500);', {
    answers: [{ status: 429, body: { error: { message: 'Too fast.' } } }],
  }),
  inline('an exit in the middle', `${ASK} void ask(); process.exit(3);`),
  inline('a signal', `${ASK} process.kill(process.pid, 'SIGTERM'); setInterval(() => undefined, 1000);`),
  inline('a stream that is left', 'for await (const _ of await ask({ stream: true })) break;'),
];

/** Only newest `openai` has all that the examples use. */
export function commandsIn({ openai, line }: ProgramLane): readonly Command[] {
  return openai.startsWith('7.') && line === 3
    ? COMMANDS
    : COMMANDS.filter(({ parameters }) => parameters.includes('--eval'));
}

/** Ends whatever hangs: none takes this long. */
const TIMEOUT = 60_000;

export async function runCommands(
  lane: ProgramLane,
  { directory }: InstalledVersion,
  isQuick: boolean,
): Promise<Outcomes> {
  const outcomes: Record<string, Outcomes[string]> = {};
  for (const { name, parameters, env, answers = [], quick } of commandsIn(lane)) {
    if (isQuick && !quick) continue;
    const simulator = await startSimulator();
    for (const answer of answers) simulator.next(answer);
    const completed = await run(process.execPath, parameters, {
      cwd: directory,
      env: { BASE_URL: simulator.url, NO_COLOR: '1', ...env },
      timeout: TIMEOUT,
    });
    await simulator.close();
    outcomes[`process: ${name}`] = { ...NOTHING, ...completed, requests: simulator.requests };
  }
  return outcomes;
}
