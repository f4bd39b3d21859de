/** A clean project with the packed package in it, as a user's would be. */
export interface Lane {
  readonly name: string;
  /** What is installed beside the package, with exact versions. */
  readonly packages: Readonly<Record<string, string>>;
  /** Whether npm installs it, and runs the scripts that fetch a runtime. Default: Bun, which takes a tenth of the time. */
  readonly npm?: boolean;
  /** Further flags of the installer. */
  readonly flags?: readonly string[];
}

/** A lane that runs the programs of test/lanes. */
export interface ProgramLane extends Lane {
  readonly openai: string;
  /** Which line of the OpenTelemetry SDK: API 1.10 with SDK 3, or API 1.9 with SDK 2. */
  readonly line: 2 | 3;
}

const API_3 = { '@opentelemetry/api': '1.10.0' };
const API_2 = { '@opentelemetry/api': '1.9.1' };

const SDK_3 = {
  ...API_3,
  '@opentelemetry/context-async-hooks': '3.1.1',
  '@opentelemetry/sdk-metrics': '3.1.1',
  '@opentelemetry/sdk-trace': '3.1.1',
};
const SDK_2 = {
  ...API_2,
  '@opentelemetry/sdk-metrics': '2.12.1',
  '@opentelemetry/sdk-trace-node': '2.12.0',
};

/** What programs have that start `NodeSDK`, with OpenTelemetry's own module hooks beside it. */
const NODE_SDK_3 = {
  '@opentelemetry/exporter-trace-otlp-grpc': '0.301.0',
  '@opentelemetry/instrumentation': '0.301.1',
  '@opentelemetry/sdk-node': '0.301.0',
};

/** What the socket classes of `openai` need on Node. */
const SOCKETS = { ws: '8.23.0' };

const PROGRAM_ROWS: readonly ProgramLane[] = [
  { name: 'openai-4.19', openai: '4.19.0', line: 3, packages: SDK_3 },
  { name: 'openai-4.104', openai: '4.104.0', line: 3, packages: { ...SDK_3, ...NODE_SDK_3 } },
  { name: 'openai-5', openai: '5.23.2', line: 3, packages: SDK_3 },
  { name: 'openai-6', openai: '6.49.0', line: 3, packages: { ...SDK_3, ...NODE_SDK_3 } },
  { name: 'openai-7', openai: '7.57.0', line: 3, packages: { ...SDK_3, ...NODE_SDK_3 } },
  { name: 'openai-6-sdk-2', openai: '6.49.0', line: 2, packages: SDK_2 },
];

/** Every major of the SDK, the oldest of openai 4 and the newest of each, and both lines of OpenTelemetry. */
export const PROGRAM_LANES: readonly ProgramLane[] = PROGRAM_ROWS.map((lane) => ({
  ...lane,
  packages: { openai: lane.openai, ...lane.packages, ...SOCKETS },
}));

/** Node before 22.15 has no synchronous module hooks; SDK 2 still runs there. */
export const OLD_NODE_LANE: Lane = {
  name: 'node-20',
  npm: true,
  packages: { node: '20.20.2', openai: '4.104.0', ...SDK_2 },
};

/** The oldest Node that SDK 2 names. It has no `process.getBuiltinModule`. */
export const OLDEST_NODE_LANE: Lane = {
  name: 'node-20.6',
  npm: true,
  packages: { node: '20.6.0', openai: '6.49.0', '@pydantic/genai-prices': '0.1.8', ...SDK_2 },
};

/** The first Node with synchronous module hooks. */
export const FIRST_HOOKS_LANE: Lane = {
  name: 'node-22.15',
  npm: true,
  packages: { node: '22.15.0', openai: '7.57.0', ...SDK_3 },
};

/** What programs import beside `openai` that Node has to link. They run on many releases of Node. */
export const RELEASES_LANE: Lane = {
  name: 'releases',
  packages: {
    openai: '7.57.0',
    ...SDK_3,
    ...NODE_SDK_3,
    express: '5.3.0',
    axios: '1.21.1',
    ms: '2.1.3',
    tsx: '4.23.15',
    ...SOCKETS,
  },
};

const nodeLane = (node: string): Lane => ({ name: `node-${node}`, npm: true, packages: { node } });

/** The last release of Node 24 that cannot link imported CommonJS while a load hook is registered. */
export const BROKEN_NODE_LANE: Lane = nodeLane('24.11.0');

/** What users begin with: one OpenTelemetry line, whole or bare. */
export const CLEAN_LANES: readonly Lane[] = [
  {
    name: 'clean-sdk-3-node',
    npm: true,
    packages: { openai: '7.57.0', ...API_3, '@opentelemetry/sdk-node': '0.301.0', typescript: '7.0.2' },
  },
  {
    name: 'clean-sdk-3-bare',
    npm: true,
    packages: { openai: '7.57.0', ...API_3, '@opentelemetry/sdk-trace': '3.1.1' },
  },
  {
    name: 'clean-sdk-2-node',
    npm: true,
    packages: { openai: '6.49.0', ...API_2, '@opentelemetry/sdk-node': '0.223.0', typescript: '7.0.2' },
  },
  {
    name: 'clean-sdk-2-bare',
    npm: true,
    // As in `npm install @opentelemetry/api`: the version follows from what else is installed.
    packages: { openai: '6.49.0', '@opentelemetry/api': '*', '@opentelemetry/sdk-trace-node': '2.12.0' },
  },
];

/** The newest Node, beside the one that runs the tests. */
export const NEWEST_NODE_LANE: Lane = { name: 'node-26', npm: true, packages: { node: '26.10.0' } };

const BUN = { bun: '1.4.4' };

/** Bun has module hooks of its own only, and installs what it cannot find. */
export const BUN_LANE: Lane = { name: 'bun', npm: true, packages: { openai: '7.57.0', ...SDK_3, ...BUN } };

/** What `examples/bundled/next` needs. */
export const NEXT_LANE: Lane = {
  name: 'next',
  packages: {
    next: '16.4.6',
    react: '19.2.0',
    'react-dom': '19.2.0',
    openai: '7.57.0',
    '@opentelemetry/api': '1.10.0',
    '@opentelemetry/sdk-node': '0.301.0',
  },
};

/** Runtimes without module hooks of Node, where the class is handed over through `…/client`. */
export const RUNTIMES_LANE: ProgramLane = {
  name: 'runtimes',
  npm: true,
  openai: '7.57.0',
  line: 3,
  packages: {
    openai: '7.57.0',
    ...SDK_3,
    ...SOCKETS,
    ...BUN,
    deno: '2.9.6',
    workerd: '1.20261117.1',
  },
};

/** What runs programs in TypeScript. ts-node needs the compiler's JavaScript API, which TypeScript 7 does not have. */
export const TYPESCRIPT_LANE: Lane = {
  name: 'typescript',
  packages: {
    openai: '7.57.0',
    ...API_3,
    '@opentelemetry/sdk-node': '0.301.0',
    '@types/node': '24.19.2',
    'ts-node': '10.9.2',
    tsx: '4.23.15',
    typescript: '5.9.3',
  },
};

export const LANES: readonly Lane[] = [
  NEXT_LANE,
  ...PROGRAM_LANES,
  OLD_NODE_LANE,
  OLDEST_NODE_LANE,
  FIRST_HOOKS_LANE,
  RELEASES_LANE,
  BROKEN_NODE_LANE,
  NEWEST_NODE_LANE,
  BUN_LANE,
  RUNTIMES_LANE,
  TYPESCRIPT_LANE,
  ...CLEAN_LANES,
];

/** The first version with sockets. Its aborted streams end by chance, so that only its sockets can be compared. */
export const FIRST_WITH_SOCKETS = '4.85.0';

/** The versions of `openai` that the transparency matrix is made for: the oldest and newest of each major. */
export const MATRIX_VERSIONS: readonly string[] = [
  '4.19.0',
  FIRST_WITH_SOCKETS,
  '4.104.0',
  '5.0.0',
  '5.23.2',
  '6.0.0',
  '6.49.0',
  '7.0.0',
  '7.57.0',
];

/** Each of these versions with each line of OpenTelemetry, in the lanes that there are and in some more. */
export const MATRIX_LANES: readonly ProgramLane[] = MATRIX_VERSIONS.flatMap((openai) =>
  ([3, 2] as const).map(
    (line) =>
      PROGRAM_LANES.find((lane) => lane.openai === openai && lane.line === line) ?? {
        name: `openai-${openai}-sdk-${line}`,
        openai,
        line,
        packages: { openai, ...(line === 3 ? SDK_3 : SDK_2), ...SOCKETS },
      },
  ),
);

/** The oldest Node line that the SDK 3 runs on, beside the one that runs the tests. */
const NODE_22_LANE: Lane = { name: 'node-22', npm: true, packages: { node: '22.23.3' } };

/** The versions of Node that programs run on, beside the one that runs the tests. */
export const OTHER_NODE_LANES: readonly Lane[] = [NODE_22_LANE, NEWEST_NODE_LANE];

/**
 * The releases of Node with module hooks that programs run on, beside the one that runs the tests: the first and the last of
 * those that cannot link imported CommonJS while a load hook is registered, some between, and the newest of each line.
 */
export const RELEASE_NODE_LANES: readonly Lane[] = [
  FIRST_HOOKS_LANE,
  ...['22.18.0', '22.22.2', '22.22.3'].map(nodeLane),
  NODE_22_LANE,
  ...['23.11.1', '24.0.0', '24.4.1'].map(nodeLane),
  BROKEN_NODE_LANE,
  ...['24.11.1', '25.0.0', '25.1.0', '25.9.0'].map(nodeLane),
  NEWEST_NODE_LANE,
];
