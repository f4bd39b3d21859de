// A program that is bundled without `openai`, which stays a package and is found by the module hook. It knows
// nothing of OpenTelemetry: `node --import ./telemetry.mjs out/…/hooked.mjs`
import OpenAI from 'openai';

const completion = await new OpenAI().chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a package?' }],
});
console.log(completion.choices[0]?.message.content);
