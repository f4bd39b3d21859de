import { expect, test } from 'vitest';
import { codeBlocksOf } from '../docs/documents.ts';
import { treeLines } from './program.ts';

const DOCUMENT = 'docs/migration-from-assistants.md';
const BLOCKS = codeBlocksOf(DOCUMENT);
const tree = codeBlocksOf('examples/migration/README.md').find(({ language }) => language === 'text');

test('the document shows their trees side by side', () => {
  const rows = BLOCKS.find(({ language }) => language === 'text')?.code.split('\n') ?? [];
  const column = Math.min(
    ...rows.map((row) => row.search(/(?<=\S {2,})conversation$/)).filter((at) => at > 0),
  );
  const left = rows.map((row) => row.slice(0, column).trimEnd());
  const right = rows.map((row) => row.slice(column)).filter((cell) => !['', '│'].includes(cell));
  const lines = treeLines(tree?.code ?? '').map(withTokensOfCalls);
  const after = lines.findIndex((line) => line.startsWith('conversation'));
  expect(left).toEqual(lines.slice(0, after));
  expect(right).toEqual(lines.slice(after));
});

/** Of the details of a line, the document shows the tokens of each call of the model. */
function withTokensOfCalls(line: string): string {
  const [name = '', details = ''] = line.split(/ {2}(?=[^ ]*\S)(?!.*[├└])/);
  const tokens = / chat /.test(` ${name} `) ? /[\d,]+ → [\d,]+ tokens/.exec(details)?.[0] : undefined;
  return tokens === undefined ? name : `${name}  ${tokens}`;
}
