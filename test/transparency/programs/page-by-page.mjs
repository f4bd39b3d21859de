import OpenAI from 'openai';

export default async ({ options }) => {
  const page = await new OpenAI(options).fineTuning.jobs.list({ limit: 2 });
  const pages = [];
  for await (const next of page.iterPages()) pages.push(next);
  return pages;
};
