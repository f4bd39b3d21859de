import { describe, expect, test } from 'vitest';
import { launchesIn, launchesOf, preloadsIn } from '../../src/doctor/start-scripts.ts';

const read = (command: string): string =>
  launchesIn(undefined, command)
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
  ['node --import tsx src/app.ts', 'node tsx src/app.ts'],
  ['nodemon --watch src -r ./telemetry.cjs src/app.js', 'nodemon ./telemetry.cjs src/app.js'],
  ['bun run app.ts', 'bun app.ts'],
  ['deno run -A app.ts', 'deno app.ts'],
  ['node api.js & node worker.js', 'node api.js; node worker.js'],
  ['next start', ''],
  ['node --test', ''],
  ['node -e "require(1)"', ''],
  ['', ''],
])('%s', (command, launches) => {
  expect(read(command)).toBe(launches);
});

test('variables that a command sets', () => {
  const [launch] = launchesIn('start', `OTEL_EXPORTER_OTLP_ENDPOINT='http://a:4318' B="c d" node app.mjs`);
  expect(launch?.environment).toEqual({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318', B: 'c d' });
});

test('files of variables', () => {
  const [launch] = launchesIn('start', 'node --env-file=.env --env-file-if-exists local.env app.mjs');
  expect(launch).toMatchObject({ environmentFiles: ['.env', 'local.env'], entry: 'app.mjs' });
});

test('preloads of NODE_OPTIONS', () => {
  expect(preloadsIn('--max-old-space-size=100 --import "./a b.mjs" --require=c')).toEqual(['./a b.mjs', 'c']);
  expect(preloadsIn(undefined)).toEqual([]);
});

describe('of a package.json', () => {
  test('the scripts that start something are read', () => {
    const scripts = {
      build: 'node build.mjs',
      start: 'node app.mjs',
      'start:prod': 'node prod.mjs',
      dev: 'tsx dev.ts',
      started: 'node never.mjs',
    };
    expect(launchesOf({ scripts }).map(({ script, entry }) => [script, entry])).toEqual([
      ['start', 'app.mjs'],
      ['start:prod', 'prod.mjs'],
      ['dev', 'dev.ts'],
    ]);
  });

  test.each([undefined, { scripts: 1 }, { scripts: { start: 1 } }, { scripts: ['node a.js'] }])(
    'that is not one: %j',
    (manifest) => {
      expect(launchesOf(manifest)).toEqual([]);
    },
  );
});
