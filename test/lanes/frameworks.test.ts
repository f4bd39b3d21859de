import { expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { findings, type ProgramOutcome, runProgram } from '../support/lanes/program.ts';
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
const NO_CONTENT = { content: false };

/** What reached the server, but for what differs from run to run. */
function sentBy({ requests }: Observed): readonly unknown[] {
  return requests.map(({ method, path, body, headers: { host: _, ...headers } }) => {
    return { method, path, body, headers };
  });
}

/** Other frameworks are compared in test/transparency. */
test('a program of LlamaIndex is not affected, and has one tree for each loop, or for its conversation', async () => {
  const lane = 'llamaindex';
  const plain = await run({ lane });
  const observed = await run({ lane, imports: OURS });
  const named = await run({ lane, imports: OURS, env: IN_CONVERSATION });
  expect(plain.result).toEqual({ answer: expect.anything(), pieces: expect.anything() });
  for (const each of [observed, named]) {
    const { result, stdout, stderr } = each;
    expect({ result, stdout, stderr }).toEqual({
      result: plain.result,
      stdout: plain.stdout,
      stderr: plain.stderr,
    });
    expect(sentBy(each)).toEqual(sentBy(plain));
  }
  assertSpanTree(
    observed.spans,
    `
      chat gpt-4o-mini

      chat gpt-4o-mini
      ├─ execute_tool solve
      └─ chat gpt-4o-mini
    `,
  );
  assertSpanTree(
    named.spans,
    `
      conversation              gen_ai.conversation.id=thread-1
      ├─ chat gpt-4o-mini       gen_ai.conversation.id=thread-1
      ├─ chat gpt-4o-mini       gen_ai.conversation.id=thread-1
      ├─ execute_tool solve     gen_ai.conversation.id=thread-1
      └─ chat gpt-4o-mini       gen_ai.conversation.id=thread-1
    `,
  );
  expect([...findings(observed, NO_CONTENT), ...findings(named, NO_CONTENT)]).toEqual([]);
});

test.each([
  { name: 'Tutor by hand, chat completions', lane: 'openai-7', program: 'chat-loop', imports: OURS },
  { name: 'Tutor by hand, Responses', lane: 'openai-7', program: 'responses-loop', imports: OURS },
  { name: 'Tutor of LangGraph', lane: 'langgraph', imports: OURS },
  { name: 'Tutor of @openai/agents', lane: 'openai-agents', imports: OURS_WITH_AGENTS },
])('the $name is the tree in the document, with the tokens that the API reported', async (row) => {
  const { name, ...started } = row;
  const { spans, result, requests } = await run({ ...started, env: IN_CONVERSATION });
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
