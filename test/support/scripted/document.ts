import { readFileSync, writeFileSync } from 'node:fs';
import { type FinishedSpan, spanTree } from '../../../src/testing.ts';

const DOCUMENT = new URL('../../../docs/trees.md', import.meta.url);

const TOTALS = ['runs', 'user_messages', 'input_tokens', 'output_tokens', 'cost'].map(
  (name) => `openai.total.${name}`,
);
const SHOWN = [
  'openai.run.status',
  'gen_ai.response.status',
  'openai.stream.end',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
  ...TOTALS,
];
const CONVERSATIONS: ReadonlySet<string> = new Set(['thread', 'conversation', 'session']);

/** The tree as the document shows it: what was spent stands on the span that spent it, totals on the conversation. */
export function showTree(spans: readonly FinishedSpan[]): string {
  return spanTree(spans, { attributes: SHOWN, normalize: withConversationTotals });
}

/** The tree of several processes, with the process of each span that the creator did not record. */
export function showProcesses(spans: readonly FinishedSpan[]): string {
  return spanTree(spans, {
    attributes: ['process', ...TOTALS],
    normalize: (value, attribute, span) =>
      attribute === 'process' && value === 'creator'
        ? undefined
        : withConversationTotals(value, attribute, span),
  });
}

function withConversationTotals(value: unknown, attribute: string, { name }: FinishedSpan): unknown {
  return TOTALS.includes(attribute) && !CONVERSATIONS.has(name) ? undefined : value;
}

/** The tree below a comment with its name in `docs/trees.md`. @throws if there is none */
export function documentedTree(name: string): string {
  const [, tree] = blockOf(name).exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
  if (tree === undefined) throw new Error(`docs/trees.md has no tree <!-- tree: ${name} -->`);
  return tree;
}

/** Writes the trees of what is tested into the document; `WRITE_TREES=1` asks for it. */
export function writesTrees(name: string, tree: string): void {
  if (process.env.WRITE_TREES !== '1') return;
  const document = readFileSync(DOCUMENT, 'utf8');
  writeFileSync(
    DOCUMENT,
    document.replace(blockOf(name), () => `<!-- tree: ${name} -->\n\n\`\`\`text\n${tree}\n\`\`\``),
  );
}

function blockOf(name: string): RegExp {
  return new RegExp(`<!-- tree: ${name} -->\\n\\n\`\`\`text\\n([\\s\\S]*?)\\n\`\`\``);
}
