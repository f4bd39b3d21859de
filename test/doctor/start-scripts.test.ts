import { describe, expect, test } from 'vitest';
import { launchesOf } from '../../src/doctor/start-scripts.ts';

const read = (command: string): string =>
  launchesOf({}, '', {}, command)
    .map(({ runner, preloads, entry }) => [runner, ...preloads, entry].join(' '))
    .join('; ');

test.each([
  ['node app.mjs', 'node app.mjs'],
  ['node --import ./telemetry.mjs app.mjs --port 80', 'node ./telemetry.mjs app.mjs'],
  ['node --import=a --require b -r c app.cjs', 'node a b c app.cjs'],
  ['node --watch --max-old-space-size=400 app.mjs', 'node app.mjs'],
  ['node --env-file .env --enable-source-maps app.mjs', 'node app.mjs'],
  ['npm run build && NODE_ENV=production node dist/app.js', 'node dist/app.js'],
  ['cross-env A=1 node "my app.mjs" | pino-pretty', 'node my app.mjs'],
  ['/usr/local/bin/node app.mjs', 'node app.mjs'],
  ['npx tsx watch src/app.ts', 'tsx src/app.ts'],
  ['tsx watch --include a.json --exclude b src/app.ts', 'tsx src/app.ts'],
  ['ts-node -P tsconfig.json src/app.ts', 'ts-node src/app.ts'],
  ['node --import tsx src/app.ts', 'node tsx src/app.ts'],
  ['nodemon --watch src -r ./telemetry.cjs src/app.js', 'nodemon ./telemetry.cjs src/app.js'],
  ['nodemon -w src -i test --signal SIGTERM --delay 2 app.js', 'nodemon app.js'],
  ['nodemon -s SIGTERM -d 2 app.js', 'nodemon app.js'],
  ['bun -i app.ts', 'bun app.ts'],
  ['nodemon --exec ts-node app.ts', 'ts-node app.ts'],
  ['nodemon --watch src -e ts -x tsx src/app.ts --port 80', 'tsx src/app.ts'],
  ['nodemon --exec "node --import ./a.mjs" app.js', 'node ./a.mjs app.js'],
  ['nodemon --exec="npm run build && tsx -r b app.ts"', 'tsx b app.ts'],
  ['nodemon --exec python app.py', ''],
  ['nodemon --exec', ''],
  ['nodemon app.js -- --exec tsx', 'nodemon app.js'],
  ['dotenv -e .env -- node app.mjs', 'node app.mjs'],
  ['op run -- node app.mjs', 'node app.mjs'],
  ['concurrently "node api.mjs" "node worker.mjs"', 'node api.mjs; node worker.mjs'],
  ['sh -c "node app.mjs"', 'node app.mjs'],
  ['bun run app.ts', 'bun app.ts'],
  ['deno run -A app.ts', 'deno app.ts'],
  ['node api.js & node worker.js', 'node api.js; node worker.js'],
  ['next start', ''],
  ['node --test', ''],
  ['node -e "require(1)"', ''],
  ['node -pe "require(1)"', ''],
  ['', ''],
])('%s', (command, launches) => {
  expect(read(command)).toBe(launches);
});

test('reads the variables that a command sets', () => {
  const [launch] = launchesOf({}, '', {}, `OTEL_EXPORTER_OTLP_ENDPOINT='http://a:4318' B="c d" node app.mjs`);
  expect(launch?.environment).toEqual({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318', B: 'c d' });
});

test('reads the preloads in NODE_OPTIONS', () => {
  const environment = { NODE_OPTIONS: '--max-old-space-size=100 --import "./a b.mjs" --require=c' };
  const [launch] = launchesOf({}, '', environment, 'node -r d app.mjs');
  expect(launch?.preloads).toEqual(['d', './a b.mjs', 'c']);
});

describe('the scripts of a package.json:', () => {
  const launched = (scripts: object): unknown[] =>
    launchesOf({ scripts }, '', {}).map(({ script, entry, environment }) => [script, entry, environment]);

  test.each([
    'npm run x',
    'npm run --silent x -- --port 80',
    'npm run-script x',
    'pnpm x',
    'pnpm run x',
    'yarn x',
    'yarn run x',
    'bun run x',
    'node --run x',
    'npm run build && A=1 npm run x',
    'nodemon --exec "npm run x"',
    'run-s build x',
  ])('a script that another one runs is followed: %s', (start) => {
    const environment = start.includes('A=1') ? { A: '1' } : {};
    expect(launched({ start, x: 'node app.mjs', build: 'tsc' })).toEqual([['x', 'app.mjs', environment]]);
  });

  test('a script is followed once, even if it runs itself', () => {
    const scripts = { start: 'npm run serve', serve: 'npm start & npm run serve & node app.mjs' };
    expect(launched(scripts)).toEqual([['serve', 'app.mjs', {}]]);
  });

  test('a chain of them is followed to a limit', () => {
    const chain = (length: number): Record<string, string> => ({
      ...Object.fromEntries(Array.from({ length }, (_, index) => [`s${index}`, `npm run s${index + 1}`])),
      start: 'npm run s0',
      [`s${length}`]: 'node app.mjs',
    });
    expect(launchesOf({ scripts: chain(50) }, '', {})).toHaveLength(1);
    expect(launchesOf({ scripts: chain(50_000) }, '', {})).toEqual([]);
  });

  test.each(['npm run y', 'npm ci', 'npm run toString'])('an unknown script is not followed: %s', (start) => {
    expect(launched({ start, x: 'node app.mjs' })).toEqual([]);
  });

  test('--start may name a command that runs a script', () => {
    const [launch] = launchesOf({ scripts: { x: 'node app.mjs' } }, '', {}, 'npm run x');
    expect(launch).toMatchObject({ script: 'x', entry: 'app.mjs' });
  });

  test('start, serve, dev and their variants are read', () => {
    const scripts = {
      build: 'node build.mjs',
      start: 'node app.mjs',
      'start:prod': 'node prod.mjs',
      dev: 'tsx dev.ts',
      started: 'node never.mjs',
    };
    expect(launchesOf({ scripts }, '', {}).map(({ script, entry }) => [script, entry])).toEqual([
      ['start', 'app.mjs'],
      ['start:prod', 'prod.mjs'],
      ['dev', 'dev.ts'],
    ]);
  });

  test.each([undefined, { scripts: 1 }, { scripts: { start: 1 } }, { scripts: ['node a.js'] }])(
    'an invalid package.json has none: %j',
    (manifest) => {
      expect(launchesOf(manifest, '', {})).toEqual([]);
    },
  );
});
