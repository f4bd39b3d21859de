// A program whose bundle does not contain `openai`: it stays a package, so the module hook finds it. The program
// does not mention OpenTelemetry: `node --import ./telemetry.mjs out/…/hooked.mjs`
import OpenAI from 'openai';

const completion = await new OpenAI().chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a package?' }],
});
console.log(completion.choices[0]?.message.content);
