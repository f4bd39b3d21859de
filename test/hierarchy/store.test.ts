import { expect, test } from 'vitest';
import { Conversation } from '../../src/hierarchy/conversations/conversation.ts';
import { type ContentHolder, charactersOf, Store } from '../../src/hierarchy/store.ts';

const MEGABYTE = 524_288; // Characters.

test('an id names one thing of each kind at each server', () => {
  const store = new Store(10);
  const [runs, turns] = [store.shelf<string>(), store.shelf<string>()];
  const origins = ['https://api.openai.com', 'https://other.example'];
  const ids = ['x_1', 'x_2', 'x_3', 'x_4', 'x_5'];
  for (const origin of origins) for (const id of ids) runs.set(origin, id, `${origin} ${id}`);
  turns.set('https://api.openai.com', 'x_1', 'a turn');
  for (const origin of origins) for (const id of ids) expect(runs.get(origin, id)).toBe(`${origin} ${id}`);
  expect(turns.get('https://api.openai.com', 'x_1')).toBe('a turn');
  expect(turns.get('https://api.openai.com', 'x_2')).toBeUndefined();
});

test('each kind keeps as much as is set, those in use longest', () => {
  const evicted: string[] = [];
  const store = new Store(2);
  const isInUse = (value: string): boolean => value === 'open';
  const runs = store.shelf<string>({ evicted: (value) => evicted.push(value), isInUse });
  const agents = store.shelf<string>();
  agents.set('', 'asst_1', 'an agent');
  for (const [index, value] of ['open', 'first', 'second', 'third'].entries())
    runs.set('', `run_${index}`, value);
  expect(evicted).toEqual(['first', 'second']);
  expect(runs.get('', 'run_0')).toBe('open');
  expect(agents.get('', 'asst_1')).toBe('an agent');
});

test('beyond 64 MB, the oldest is forgotten first', () => {
  const content = new Store(10);
  const forgotten: number[] = [];
  const holders = Array.from(
    { length: 8 },
    (_, index): ContentHolder => ({ forgetContent: () => forgotten.push(index) }),
  );
  const [first, second] = holders;
  for (const holder of holders.slice(0, 7)) content.keeps(holder, 10 * MEGABYTE - 1);
  expect(forgotten).toEqual([0]);
  if (second !== undefined) content.release(second);
  for (const holder of holders.slice(7)) content.keeps(holder, 10 * MEGABYTE);
  expect(forgotten).toEqual([0]);
  // It has grown, and is still the oldest but for what it keeps now.
  if (first !== undefined) content.keeps(first, 30 * MEGABYTE);
  expect(forgotten).toEqual([0, 2, 3, 4]);
});

test('messages count again once a run that was to answer them was not created', () => {
  const content = new Store(10);
  const [rejected, other] = [new Conversation('thread_1', content), new Conversation('thread_2', content)];
  const message = { role: 'user', parts: [{ type: 'text' as const, content: 'x'.repeat(40 * MEGABYTE) }] };
  rejected.add(message);
  rejected.giveBack(rejected.takeUnanswered());
  other.add(message);
  expect([rejected, other].map((each) => each.takeUnanswered().messages.length)).toEqual([0, 1]);
});

const nested = (depth: number, value: unknown): unknown =>
  depth === 0 ? value : { deep: [nested(depth - 2, value)] };

test.each([
  ['text', 4],
  [{ key: 'value' }, 24],
  [{ list: [1, 'two'] }, 16 + 4 + 16 + 16 + 3],
])('the size of %j is %s', (value, size) => {
  expect(charactersOf(value)).toBe(size);
});

test('a value is measured to its depth', () => {
  expect(charactersOf(nested(20, 'x'.repeat(1_000)))).toBeGreaterThan(1_000);
});
