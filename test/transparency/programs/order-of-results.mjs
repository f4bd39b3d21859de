import OpenAI from 'openai';

export default async ({ options }) => {
  const waiting = { first: 30, second: 15, third: 1 };
  const order = [];
  const client = new OpenAI({
    ...options,
    fetch: async (url) => {
      const name = String(url).split('/').at(-1);
      await new Promise((resolve) => setTimeout(resolve, waiting[name]));
      return new Response(JSON.stringify({ id: name }), { headers: { 'content-type': 'application/json' } });
    },
  });
  const call = (name) => client.models.retrieve(name).then(({ id }) => order.push(id));
  await Promise.all([
    ...Object.keys(waiting).map(call),
    Promise.resolve().then(() => order.push('microtask')),
  ]);
  return order;
};
