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

\`\`\`sh
npm install openai opentelemetry-instrumentation-openai @opentelemetry/api @opentelemetry/sdk-node
\`\`\`

Besides \`openai\`, only \`@opentelemetry/api\` is required. \`@opentelemetry/sdk-node\` is the shortest set-up, but any SDK set-up works.
On Node 22.15 and later the command installs SDK 3. On Node 20, npm installs SDK 2 (0.2xx). With other package managers, name its
versions:

\`\`\`sh
npm install openai opentelemetry-instrumentation-openai @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223
\`\`\`

| package | required for |
| --- | --- |
| \`@opentelemetry/api\` | everything |
| \`@opentelemetry/sdk-node\` | \`…/register\` and \`NodeSDK\` |
| \`@pydantic/genai-prices\` | cost in USD |

## Tested combinations

Each cell is a new project with the packed package, \`openai\` and \`@opentelemetry/sdk-node\`. \`ok\` means that the package manager reported
no peer problems, a program's call was recorded, and one copy of \`@opentelemetry/api\` is installed.

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
