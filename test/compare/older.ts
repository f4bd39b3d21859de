import type OpenAI from 'openai';

type Options = Readonly<Record<string, unknown>> & { readonly thread_id?: string; readonly run_id?: string };
type Method = (...parameters: unknown[]) => unknown;
type Resource = Record<string, Method>;

/** What a path names after its own id, in the order in which it stands in it. */
const PATH = ['thread_id', 'run_id'] as const;

/** Methods that have all ids of their path before their own in `openai` 4, and named ones after it since. */
const RUNS = [
  'retrieve',
  'cancel',
  'poll',
  'submitToolOutputs',
  'submitToolOutputsAndPoll',
  'submitToolOutputsStream',
];
const STEPS = ['list'];
const MESSAGES = ['retrieve'];

/** A client of `openai` 4 that programs use like one of the versions after it. */
export function likeNewer(client: OpenAI): OpenAI {
  const { threads, chat } = client.beta as unknown as {
    threads: { runs: object; messages: object };
    chat: object;
  };
  const runs = over(threads.runs, {
    ...named(threads.runs, RUNS),
    steps: over(Reflect.get(threads.runs, 'steps'), named(Reflect.get(threads.runs, 'steps'), STEPS)),
  });
  const messages = over(threads.messages, named(threads.messages, MESSAGES));
  const completions = Reflect.get(chat, 'completions') as Resource;
  const moved = Object.fromEntries(
    ['parse', 'runTools', 'stream'].map((name) => [
      name,
      (...given: unknown[]) => completions[name]?.(...given),
    ]),
  );
  return over(client, {
    beta: over(client.beta, { threads: over(threads, { runs, messages }) }),
    chat: over(client.chat, { completions: over(client.chat.completions, moved) }),
  });
}

/** An object with some fields of its own; the rest is the other's. */
function over<Target extends object>(target: Target, fields: object): Target {
  const result = Object.create(target) as Target;
  for (const [name, value] of Object.entries(fields))
    Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true });
  return result;
}

function named(target: object, names: readonly string[]): Resource {
  const resource = target as Resource;
  const adapt =
    (name: string): Method =>
    (id, options, ...more) => {
      if (typeof options !== 'object' || options === null) return resource[name]?.(id, options, ...more);
      const { thread_id, run_id, ...rest } = options as Options;
      const path = PATH.flatMap((part) => ({ thread_id, run_id })[part] ?? []);
      return resource[name]?.(...path, id, ...(Object.keys(rest).length > 0 ? [rest] : []), ...more);
    };
  return Object.fromEntries(names.map((name) => [name, adapt(name)]));
}
