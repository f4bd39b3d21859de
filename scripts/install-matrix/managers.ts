/** A package manager from an npm package, and how it installs a project. */
export interface Manager {
  readonly name: string;
  /** The npm package that contains it, with the version. */
  readonly source: string;
  /** The file of that package that Node runs. */
  readonly bin: string;
  readonly install: readonly string[];
  /** The flags of Node before the program. */
  readonly run: readonly string[];
  /** The files that the project needs in addition to package.json. */
  readonly files: Readonly<Record<string, string>>;
}

const NPM = {
  source: 'npm@11.19.1',
  bin: 'npm/bin/npm-cli.js',
  install: ['install', '--no-audit', '--no-fund'],
};
const YARN_4 = {
  source: '@yarnpkg/cli-dist@4.18.1',
  bin: '@yarnpkg/cli-dist/bin/yarn.js',
  install: ['install'],
};
const YARN_SETTINGS = 'enableGlobalCache: false\nenableTelemetry: false\nenableImmutableInstalls: false\n';

/** pnpm fails unless the project allows or denies the install script of protobufjs, which only prints. */
export const PNPM_WORKSPACE = 'allowBuilds:\n  protobufjs: false\n';

export const MANAGERS: readonly Manager[] = [
  { name: 'npm 11', ...NPM, run: [], files: {} },
  {
    name: 'pnpm 12',
    source: 'pnpm@12.21.0',
    bin: 'pnpm/bin/pnpm.mjs',
    install: ['install', '--no-frozen-lockfile'],
    run: [],
    files: { 'pnpm-workspace.yaml': PNPM_WORKSPACE },
  },
  {
    name: 'yarn 1',
    source: 'yarn@1.22.22',
    bin: 'yarn/bin/yarn.js',
    install: ['install', '--non-interactive', '--no-lockfile'],
    run: [],
    files: {},
  },
  {
    name: 'yarn 4',
    ...YARN_4,
    run: [],
    files: { '.yarnrc.yml': `${YARN_SETTINGS}nodeLinker: node-modules\n`, 'yarn.lock': '' },
  },
  {
    name: "yarn 4, Plug'n'Play",
    ...YARN_4,
    run: ['--require', './.pnp.cjs', '--experimental-loader', './.pnp.loader.mjs'],
    files: { '.yarnrc.yml': `${YARN_SETTINGS}nodeLinker: pnp\n`, 'yarn.lock': '' },
  },
];

/** The two SDK versions of OpenTelemetry, each with an `openai` of the same age. */
export const LINES: readonly {
  readonly name: string;
  readonly packages: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'SDK 3.x',
    packages: { '@opentelemetry/api': '1.10.0', '@opentelemetry/sdk-node': '0.301.0', openai: '7.57.0' },
  },
  {
    name: 'SDK 2.x',
    packages: { '@opentelemetry/api': '1.9.1', '@opentelemetry/sdk-node': '0.223.0', openai: '6.49.0' },
  },
];

/** The versions of Node, which the npm package `node` contains. */
export const NODES: readonly { readonly name: string; readonly version: string }[] = [
  { name: 'Node 22', version: '22.23.3' },
  { name: 'Node 24', version: '24.21.0' },
  { name: 'Node 26', version: '26.10.0' },
];
