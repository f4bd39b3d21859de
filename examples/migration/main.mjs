// The same program twice: with the Assistants API, and without it.
import OpenAI from 'openai';
import * as after from './after.mjs';
import * as before from './before.mjs';

const client = new OpenAI();
const questions = ['What is x, if 3x = 12?', 'How long is a marathon in miles?'];

for (const [name, { tutor }] of Object.entries({ before, after })) {
  const answers = await tutor(client, questions);
  console.log(`${name}: ${answers.join(' ')}`);
}
