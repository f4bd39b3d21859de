// What becomes of calls whose results nobody ever reads.
import { client, collectUntil, finish, simulator, subclassed, telemetry } from './surroundings.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];

const programs: Readonly<Record<string, () => Promise<void>>> = {
  async neverAwaited() {
    void client.chat.completions.create({ model: 'gpt-4o', messages });
  },
  async ofSubclassNeverAwaited() {
    void subclassed.chat.completions.create({ model: 'gpt-4o', messages });
  },
  async streamNeverRead() {
    await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
  },
  async streamNoLongerRead() {
    const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
  },
  async streamNeverAwaited() {
    void client.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
  },
};

const name = process.argv[2] ?? '';
await programs[name]?.();
while (simulator.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
await new Promise((resolve) => setTimeout(resolve, 200));
const beforeCollection = Date.now();
await collectUntil(() => telemetry.spans.length > 0);
const [span] = telemetry.spans;
await finish({
  name: span?.name,
  attributes: span?.attributes,
  endedBefore: span !== undefined && toMilliseconds(span.endTime) <= beforeCollection,
});

function toMilliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}
