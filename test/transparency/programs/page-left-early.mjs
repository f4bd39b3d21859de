import OpenAI from 'openai';

export default async ({ options }) => {
  const seen = [];
  for await (const job of new OpenAI(options).fineTuning.jobs.list({ limit: 2 })) {
    seen.push(job);
    if (seen.length === 3) break;
  }
  return seen;
};
