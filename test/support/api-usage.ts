/** The usage that the API reports, read from the bodies of its answers, whoever reads them after that. */
export interface ApiUsage {
  readonly fetch: typeof fetch;
  /** Input and output tokens of everything that was answered. */
  total(): Promise<{ input_tokens: number; output_tokens: number }>;
  /** The tokens of each object that was answered, by its id: several processes may have seen the same. */
  items(): Promise<Readonly<Record<string, ItemUsage>>>;
}

export interface ItemUsage {
  readonly input: number;
  readonly output: number;
  /** Where the API says it beside the usage. */
  readonly model: string | undefined;
}

/** Steps repeat what their run sums up, events and polls what the object says at its end. */
const REPEATING: readonly unknown[] = ['thread.run.step', 'thread.run.step.delta'];

export function recordApiUsage(): ApiUsage {
  const bodies: Promise<string>[] = [];
  const readItems = async (): Promise<Map<string, ItemUsage>> => {
    const items = new Map<string, ItemUsage>();
    for (const [index, body] of (await Promise.all(bodies)).entries()) {
      for (const value of readBody(body)) add(items, value, String(index));
    }
    return items;
  };
  return {
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      // What is left in the middle never says what it cost.
      bodies.push(
        response
          .clone()
          .text()
          .catch(() => ''),
      );
      return response;
    },
    async total() {
      const items = [...(await readItems()).values()];
      const sum = (kind: 'input' | 'output'): number =>
        items.reduce((total, spent) => total + spent[kind], 0);
      return { input_tokens: sum('input'), output_tokens: sum('output') };
    },
    items: async () => Object.fromEntries(await readItems()),
  };
}

/** The JSON values of a body: the only one, or those of the events of a stream. */
function readBody(body: string): unknown[] {
  if (body === '') return [];
  if (!body.includes('data:')) return [JSON.parse(body)];
  const events = body.split('\n').filter((line) => line.startsWith('data: {'));
  return events.map((line) => JSON.parse(line.slice('data: '.length)));
}

/** @param otherwise the key of what has no id */
function add(items: Map<string, ItemUsage>, value: unknown, otherwise: string): void {
  if (typeof value !== 'object' || value === null) return;
  const { id, object, usage, model } = value as {
    id?: string;
    object?: string;
    usage?: Record<string, number>;
    model?: string;
  };
  if (typeof usage === 'object' && usage !== null && !REPEATING.includes(object)) {
    items.set(id ?? otherwise, {
      input: usage.input_tokens ?? usage.prompt_tokens ?? 0,
      output: usage.output_tokens ?? usage.completion_tokens ?? 0,
      model,
    });
    return;
  }
  for (const inner of Object.values(value)) add(items, inner, otherwise);
}
