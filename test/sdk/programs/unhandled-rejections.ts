// How many rejections are unhandled when nobody awaits what fails: one for each call.
import { client, finish, simulator, subclassed, telemetry } from './surroundings.ts';

const rejections: string[] = [];
process.on('unhandledRejection', (error) => rejections.push((error as Error).constructor.name));

const messages = [{ role: 'user' as const, content: 'Hello' }];
const statuses = [400, 401, 429, 500];
for (const status of statuses) {
  simulator.next({ status });
  void client.chat.completions.create({ model: 'gpt-4o', messages });
}
simulator.next({ status: 404 });
void client.models.list();
// One that is handled in the end is none.
simulator.next({ status: 400 });
const late = client.models.list();
late.catch(() => undefined);
simulator.next({ status: 400 });
void subclassed.models.list();
simulator.next({ status: 400 });
subclassed.models.list().catch(() => undefined);

while (simulator.requests.length < statuses.length + 4)
  await new Promise((resolve) => setTimeout(resolve, 5));
await new Promise((resolve) => setTimeout(resolve, 100));
await finish({ rejections: rejections.sort(), spans: telemetry.spans.length });
