import OpenAI from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const ids = Array.from({ length: 10 }, (_, index) => `model-${index}`);
  const all = await Promise.all(ids.map((id) => client.models.retrieve(id)));
  const settled = await Promise.allSettled(ids.map((id) => client.models.retrieve(id)));
  const any = await Promise.any([client.models.retrieve('model-10'), new Promise(() => undefined)]);
  return { all: all.map(({ id }) => id), settled: settled.map(({ value }) => value.id), any: any.id };
};
