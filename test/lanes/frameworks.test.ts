import { beforeAll, describe, expect, it } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { checkSpan } from '../support/conventions/check.ts';
import { type ProgramOutcome, runProgram } from '../support/lanes/program.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { documentedTree, showTree, writesTrees } from '../support/scripted/index.ts';
import { type ReceivedRequest, startSimulator } from '../support/simulator/index.ts';

interface Observed extends ProgramOutcome {
  readonly requests: readonly ReceivedRequest[];
}

interface Started {
  readonly lane: string;
  /** A program of test/lanes/programs. Default: the one that is called like its lane. */
  readonly program?: string;
  readonly imports?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program against an API of its own. */
async function run({ lane, program = lane, imports, env = {} }: Started): Promise<Observed> {
  const simulator = await startSimulator({ runs: [] });
  const outcome = await runProgram({
    lane,
    parameters: [...(imports === undefined ? [] : ['--import', imports]), `${program}.mjs`],
    env: { ...env, BASE_URL: simulator.url },
  });
  await simulator.close();
  return { ...outcome, requests: simulator.requests };
}

const OURS = './sdk-3.mjs';
const OURS_WITH_AGENTS = './sdk-3-agents.mjs';
const IN_CONVERSATION = { AROUND: './in-conversation.mjs' };

/** What reached the server, but for what differs from run to run. */
function sentBy({ requests }: Observed): readonly unknown[] {
  return requests.map(({ method, path, body, headers: { host: _, ...headers } }) => {
    return { method, path, body, headers };
  });
}

const FRAMEWORKS = [
  {
    lane: 'langgraph',
    imports: OURS,
    root: 'conversation',
    // Each loop of the graph is a trace of its own.
    tree: `
      chat gpt-4o-mini
      ├─ execute_tool solve
      └─ chat gpt-4o-mini

      chat gpt-4o-mini
      ├─ execute_tool solve
      └─ chat gpt-4o-mini
    `,
  },
  {
    lane: 'llamaindex',
    imports: OURS,
    root: 'conversation',
    tree: `
      chat gpt-4o-mini

      chat gpt-4o-mini
      ├─ execute_tool solve
      └─ chat gpt-4o-mini
    `,
  },
  {
    lane: 'openai-agents',
    imports: OURS_WITH_AGENTS,
    root: 'invoke_workflow Agent workflow',
    tree: `
      invoke_workflow Agent workflow
      └─ invoke_agent Math Tutor
         ├─ chat gpt-4o-mini
         ├─ execute_tool solve
         └─ chat gpt-4o-mini
    `,
  },
];

describe.each(FRAMEWORKS)('a program of $lane', ({ lane, imports, tree, root }) => {
  let plain: Observed;
  let observed: Observed;
  let named: Observed;
  beforeAll(async () => {
    plain = await run({ lane });
    observed = await run({ lane, imports });
    named = await run({ lane, imports, env: IN_CONVERSATION });
  }, 60_000);

  it('comes to the same result with us', () => {
    expect(plain.result).not.toBeNull();
    expect(JSON.stringify(observed.result)).toBe(JSON.stringify(plain.result));
    expect(JSON.stringify(named.result)).toBe(JSON.stringify(plain.result));
    expect([observed.stdout, observed.stderr]).toEqual([plain.stdout, plain.stderr]);
  });

  it('sends the same requests with us, byte for byte', () => {
    expect(sentBy(observed)).toEqual(sentBy(plain));
    expect(sentBy(named)).toEqual(sentBy(plain));
  });

  it('has one tree for each loop', () => {
    assertSpanTree(observed.spans, tree);
  });

  it('has one tree for the whole conversation if the program names it, and each span its id', () => {
    const ids = named.spans.map(({ attributes }) => attributes['gen_ai.conversation.id']);
    expect(new Set(ids)).toEqual(new Set(['thread-1']));
    const roots = named.spans.filter(({ parentSpanContext }) => parentSpanContext === undefined);
    expect(roots.map(({ name }) => name)).toEqual([root]);
  });

  it('follows the conventions', () => {
    const spans = [...observed.spans, ...named.spans];
    expect(spans.flatMap((span) => checkSpan(span, { content: false }))).toEqual([]);
  });
});

describe.each([
  { name: 'Tutor by hand, chat completions', lane: 'openai-7', program: 'chat-loop', imports: OURS },
  { name: 'Tutor by hand, Responses', lane: 'openai-7', program: 'responses-loop', imports: OURS },
  { name: 'Tutor of LangGraph', lane: 'langgraph', imports: OURS },
  { name: 'Tutor of @openai/agents', lane: 'openai-agents', imports: OURS_WITH_AGENTS },
])('the $name', ({ name, ...started }) => {
  it('is the tree in the document, with the tokens that the API reported', async () => {
    const { spans, result, requests } = await run({ ...started, env: { ...IN_CONVERSATION, ONCE: '1' } });
    expect(result).toBe('This is a simulated answer.');
    expect(requests).toHaveLength(2);
    const tree = showTree(spans);
    writesTrees(name, tree);
    expect(tree).toBe(documentedTree(name));
    const [root] = spans.filter(({ parentSpanContext }) => parentSpanContext === undefined);
    expect(root?.attributes).toMatchObject({
      'openai.total.input_tokens': usageSum(spans).input_tokens,
      'openai.total.output_tokens': usageSum(spans).output_tokens,
    });
  });
});
