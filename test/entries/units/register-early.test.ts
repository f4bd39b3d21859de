import { expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

/** Prints the values of all observable instruments when it collects. */
const PROGRAM = `
  import { metrics } from '@opentelemetry/api';
  import OpenAI from 'openai';
  const meter = metrics.getMeter('app');
  const gauge = (name) => meter.createObservableGauge(name);
  const [queue, workers, early, late, removed] = ['queue', 'workers', 'early', 'late', 'removed'].map(gauge);
  const observe = (values) => (result) => values.forEach(([gauge, value]) => result.observe(gauge, value));
  const both = observe([[queue, 3], [workers, 2]]);
  meter.addBatchObservableCallback(both, [queue, workers]);
  const never = observe([[removed, 1]]);
  meter.addBatchObservableCallback(never, [removed]);
  meter.removeBatchObservableCallback(never, [removed]);
  const sometimes = observe([[early, 4]]);
  meter.addBatchObservableCallback(sometimes, [early]);
  ${CALL}
  meter.removeBatchObservableCallback(sometimes, [early]);
  meter.addBatchObservableCallback(observe([[late, 5]]), [late]);
`;

test('callbacks of batches that a program adds before the SDK starts observe with it, unless it removes them', async () => {
  await project().write({ 'app.mjs': PROGRAM });
  const { code, stdout, stderr } = await project().run(['--import', `${PACKAGE_NAME}/register`, 'app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'console',
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const printed = [...stdout.matchAll(/descriptor: \{\s+name: '(\w+)'[\s\S]*?\bvalue: (\d+)/g)];
  expect(printed.map(([, name, value]) => [name, value])).toEqual([
    ['queue', '3'],
    ['workers', '2'],
    ['late', '5'],
  ]);
});
