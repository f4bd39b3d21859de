import OpenAI from 'openai';

export default async ({ options }) => {
  const client = new OpenAI(options);
  const page = await client.fineTuning.jobs.list({ limit: 2 });
  const second = await page.getNextPage();
  return {
    page,
    items: page.getPaginatedItems(),
    second,
    more: page.hasNextPage(),
    last: second.hasNextPage(),
  };
};
