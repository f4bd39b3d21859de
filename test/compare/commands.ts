import { run } from '../support/lanes/command.ts';
import { PACKAGE_NAME } from '../support/lanes/paths.ts';
import type { Answer } from '../support/simulator/index.ts';
import { startSimulator } from '../support/simulator/index.ts';
import type { InstalledVersion } from './lanes.ts';
import { NOTHING, type Outcomes } from './outcome.ts';

/** A program that is a process: what it prints and how it ends is what is compared. */
interface Command {
  readonly name: string;
  /** The text of a program with a client, which may `ask()` it. */
  readonly body: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What its server answers first. */
  readonly answers?: readonly Answer[];
}

const CONSOLE = { OTEL_TRACES_EXPORTER: 'console' };
const OPTION = 'OTEL_INSTRUMENTATION_OPENAI';
const ASK = 'console.log((await ask()).choices[0].message.content);';
const BEGINNING = `
  const { OpenAI } = await import('openai');
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
  const messages = [{ role: 'user', content: 'Hi' }];
  const ask = (options) => client.chat.completions.create({ model: 'gpt-4o', messages, ...options });
`;

/** Examples are compared with what their documents show, in test/examples. */
const COMMANDS: readonly Command[] = [
  { name: 'a call', body: ASK },
  {
    name: 'a call, with content',
    body: ASK,
    env: { ...CONSOLE, OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY' },
  },
  {
    name: 'a call of a program that is switched off',
    body: ASK,
    env: { ...CONSOLE, OTEL_SDK_DISABLED: 'true' },
  },
  {
    name: 'a call with mistakes in the options',
    body: ASK,
    env: { ...CONSOLE, [`${OPTION}_RUN_STEPS`]: 'perhaps', [`${OPTION}_ACME`]: '1', [`${OPTION}_COST`]: '?' },
  },
  {
    name: 'a call that sends nothing',
    body: ASK,
    env: { OTEL_TRACES_EXPORTER: 'none', OTEL_LOG_LEVEL: 'info' },
  },
  {
    name: 'a failure that nobody handles',
    body: 'await ask();',
    answers: [{ status: 500, body: { error: { message: 'It failed.' } } }],
  },
  {
    name: 'a rejection that nobody handles',
    body: 'void ask(); setTimeout(() => undefined, 500);',
    answers: [{ status: 429, body: { error: { message: 'Too fast.' } } }],
  },
  { name: 'an exit in the middle', body: `${ASK} void ask(); process.exit(3);` },
  {
    name: 'a signal',
    body: `${ASK} process.kill(process.pid, 'SIGTERM'); setInterval(() => undefined, 1000);`,
  },
  {
    name: 'a stream that is left',
    body: 'for await (const _ of await ask({ stream: true })) break;',
  },
];

/** Ends whatever hangs: none takes this long. */
const TIMEOUT = 60_000;

export async function runCommands({ directory }: InstalledVersion): Promise<Outcomes> {
  const outcomes: Record<string, Outcomes[string]> = {};
  for (const { name, body, env = CONSOLE, answers = [] } of COMMANDS) {
    const simulator = await startSimulator();
    for (const answer of answers) simulator.next(answer);
    const parameters = ['--import', `${PACKAGE_NAME}/register`, '--input-type=module', '--eval'];
    const completed = await run(process.execPath, [...parameters, BEGINNING + body], {
      cwd: directory,
      env: { BASE_URL: simulator.url, NO_COLOR: '1', ...env },
      timeout: TIMEOUT,
    });
    await simulator.close();
    outcomes[`process: ${name}`] = { ...NOTHING, ...completed, requests: simulator.requests };
  }
  return outcomes;
}
