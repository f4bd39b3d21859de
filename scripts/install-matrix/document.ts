import { LINES, NODES, PNPM_WORKSPACE } from './managers.ts';

/** The result of one cell of the matrix. */
export interface Row {
  readonly manager: string;
  readonly line: string;
  readonly node: string;
  /** `ok`, or what went wrong. */
  readonly result: string;
}

/** Renders docs/install.md. */
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

On Node 22.15 and later, this installs OpenTelemetry SDK 3. On Node 20, npm installs SDK 2 (0.2xx) and version 6 of \`openai\`, the last one
for Node 20. With other package managers, name these versions:

\`\`\`sh
npm install openai@6 opentelemetry-instrumentation-openai @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223
\`\`\`

| package | required for |
| --- | --- |
| \`@opentelemetry/api\` | everything |
| \`@opentelemetry/sdk-node\` | \`…/register\` and \`NodeSDK\`; other SDK setups work without it |
| \`@pydantic/genai-prices\` | cost in USD |

## Tested combinations

\`ok\` means that a new project installed without peer problems and with one copy of \`@opentelemetry/api\`, and recorded a call.

${table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

Versions: ${LINES.map(({ name, packages }) => `${name} with ${list(packages)}`).join('; ')}; ${NODES.map(
    ({ name, version }) => `${name} is ${version}`,
  ).join(', ')}.

With pnpm 12, an installation that adds \`@opentelemetry/sdk-node\` ends with \`ERR_PNPM_IGNORED_BUILDS\` until you decide about the
script of \`protobufjs\`, which only prints a message. The table was made with this in \`pnpm-workspace.yaml\`:

\`\`\`yaml
${PNPM_WORKSPACE}\`\`\`
`;
}

function list(packages: Readonly<Record<string, string>>): string {
  return Object.entries(packages)
    .map(([name, version]) => `\`${name}\` ${version}`)
    .join(', ');
}
