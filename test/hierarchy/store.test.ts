import { expect, test } from 'vitest';
import { Conversation } from '../../src/hierarchy/conversations/conversation.ts';
import { charactersOf, Store } from '../../src/hierarchy/store.ts';

const MEGABYTE = 524_288; // Characters.

test('messages count again once a run that was to answer them was not created', () => {
  const content = new Store(10);
  const [rejected, other] = [new Conversation('thread_1', content), new Conversation('thread_2', content)];
  const message = { role: 'user', parts: [{ type: 'text' as const, content: 'x'.repeat(40 * MEGABYTE) }] };
  rejected.add(message);
  rejected.giveBack(rejected.takeUnanswered());
  other.add(message);
  expect([rejected, other].map((each) => each.takeUnanswered().messages.length)).toEqual([0, 1]);
});

test('messages of a run that was not created count beside those that came meanwhile', () => {
  const thread = new Conversation('thread_1', new Store(10));
  const say = (content: string): void => thread.add({ role: 'user', parts: [{ type: 'text', content }] });
  say('first');
  const taken = thread.takeUnanswered();
  say('second');
  thread.giveBack(taken);
  const { count, messages } = thread.takeUnanswered();
  expect(count).toBe(2);
  expect(messages.flatMap(({ parts }) => parts)).toMatchObject([{ content: 'first' }, { content: 'second' }]);
});

test('of very many unanswered messages, the oldest are forgotten first, and all are counted', () => {
  const thread = new Conversation('thread_1', new Store(10));
  thread.created();
  const texts = Array.from({ length: 102 }, (_, index) => `Message ${index}`);
  for (const content of texts) thread.add({ role: 'user', parts: [{ type: 'text', content }] });
  const { count, messages, isAll } = thread.takeUnanswered();
  expect(messages.flatMap(({ parts }) => parts)).toEqual(
    texts.slice(2).map((content) => ({ type: 'text', content })),
  );
  expect({ count, isAll }).toEqual({ count: 102, isAll: false });
});

test('what a shelf has dropped takes no room from the content of others', () => {
  const forgotten: string[] = [];
  const holder = (name: string) => ({ forgetContent: () => void forgotten.push(name) });
  const store = new Store(1);
  const shelf = store.shelf<ReturnType<typeof holder>>();
  for (const name of ['first', 'second', 'third']) {
    const kept = holder(name);
    shelf.set('', name, kept);
    store.keeps(kept, 30 * MEGABYTE);
  }
  expect(forgotten).toEqual([]);
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
