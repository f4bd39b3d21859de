import { Agent, run, setDefaultOpenAIClient, tool } from '@openai/agents';
import OpenAI from 'openai';

setDefaultOpenAIClient(new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL }));
const parameters = { type: 'object', properties: {}, required: [], additionalProperties: true };
const echo = tool({ name: 'echo', description: 'Echo', strict: false, parameters, execute: () => 'Yes.' });
const agent = new Agent({ name: 'Helper', model: 'gpt-4o', tools: [echo] });
console.log((await run(agent, 'Hi')).finalOutput);
if (process.env.STAYS) setInterval(() => undefined, 1_000);
