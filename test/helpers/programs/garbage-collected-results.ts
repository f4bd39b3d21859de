// What becomes of the span of a traced function whose result nobody ever reads.
import { traced } from '../../../src/client.ts';
import { recordTelemetry } from '../../support/telemetry.ts';

async function* count(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}

const work = traced('work', count);
const programs: Readonly<Record<string, () => Promise<void>>> = {
  async generatorNeverRead() {
    work();
  },
  async generatorNoLongerRead() {
    await work().next();
  },
  async promiseNeverAsked() {
    class Request extends Promise<number> {}
    traced('work', () => Request.resolve(1))();
  },
};

const telemetry = recordTelemetry();
await programs[process.argv[2] ?? '']?.();
const beforeCollection = Date.now();
while (telemetry.spans.length === 0) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.gc?.();
}
const [span] = telemetry.spans;
const [seconds = 0, nanoseconds = 0] = span?.endTime ?? [];
console.log(
  JSON.stringify({
    name: span?.name,
    endedBefore: seconds * 1e3 + nanoseconds / 1e6 <= beforeCollection + 1,
  }),
);
