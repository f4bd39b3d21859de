import { serve } from '../serve.ts';

/** A program for the tests of the harness. */
export type Greeter = {
  greet(name: string): Promise<string | null | undefined>;
  fail(): Promise<never>;
  exit(): Promise<void>;
};

await serve<Greeter>(({ client, inSpan }) => ({
  greet: (name) =>
    inSpan('greeting', async () => {
      const answer = await client.chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: `I am ${name}` }],
      });
      return answer.choices[0]?.message.content;
    }),
  fail: () => Promise.reject(new Error('This step fails.')),
  exit: async () => process.exit(3),
}));
