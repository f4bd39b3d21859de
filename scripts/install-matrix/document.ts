import { LINES, NODES } from './managers.ts';

/** What came of one cell of the matrix. */
export interface Row {
  readonly manager: string;
  readonly line: string;
  readonly node: string;
  /** `ok`, or what went wrong. */
  readonly result: string;
}

/** docs/install.md */
export function documentOf(rows: readonly Row[]): string {
  const columns = NODES.flatMap((node) => LINES.map((line) => ({ node: node.name, line: line.name })));
  const managers = [...new Set(rows.map(({ manager }) => manager))];
  const resultOf = (manager: string, { node, line }: (typeof columns)[number]): string =>
    rows.find((row) => row.manager === manager && row.node === node && row.line === line)?.result ??
    'not run';
  const table = [
    ['', ...columns.map(({ node, line }) => `${node}, ${line}`)],
    ['---', ...columns.map(() => '---')],
    ...managers.map((manager) => [manager, ...columns.map((column) => resultOf(manager, column))]),
  ];
  return `<!-- Written by \`npm run install-matrix\`. -->

# Installing

Each cell is a new project in which the packed package, \`openai\` and \`@opentelemetry/sdk-node\` were installed and a
first program was run. \`ok\`: the package manager had no complaint about peers, the program's call was recorded, and
there is one copy of \`@opentelemetry/api\`.

${table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

Versions: ${LINES.map(({ name, packages }) => `${name} with ${list(packages)}`).join('; ')}; ${NODES.map(
    ({ name, version }) => `${name} is ${version}`,
  ).join(', ')}.
`;
}

function list(packages: Readonly<Record<string, string>>): string {
  return Object.entries(packages)
    .map(([name, version]) => `\`${name}\` ${version}`)
    .join(', ');
}
