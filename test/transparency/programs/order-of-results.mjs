import OpenAI from 'openai';

export default async ({ options }) => {
  const names = ['first', 'second', 'third'];
  const answers = new Map();
  const order = [];
  const client = new OpenAI({
    ...options,
    // Once all requests have arrived, they are answered in the reverse order.
    fetch: (url) =>
      new Promise((resolve) => {
        const name = String(url).split('/').at(-1);
        answers.set(name, () =>
          resolve(
            new Response(JSON.stringify({ id: name }), { headers: { 'content-type': 'application/json' } }),
          ),
        );
        if (answers.size === names.length) for (const each of names.toReversed()) answers.get(each)();
      }),
  });
  const call = (name) => client.models.retrieve(name).then(({ id }) => order.push(id));
  await Promise.all([...names.map(call), Promise.resolve().then(() => order.push('microtask'))]);
  return order;
};
