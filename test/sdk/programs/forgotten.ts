// What becomes of a call of a subclass whose result nobody ever reads.
import { collectUntil, finish, simulator, subclassed, telemetry } from './surroundings.ts';

void subclassed.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] });
while (simulator.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
await new Promise((resolve) => setTimeout(resolve, 200));
const beforeCollection = Date.now();
await collectUntil(() => telemetry.spans.length > 0);
const [span] = telemetry.spans;
const [seconds = Number.NaN, nanoseconds = 0] = span?.endTime ?? [];
await finish({
  name: span?.name,
  attributes: span?.attributes,
  endedBefore: seconds * 1e3 + nanoseconds / 1e6 <= beforeCollection,
});
