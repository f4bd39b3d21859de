const { Agent, run, setDefaultOpenAIClient, tool } = require('@openai/agents');
const { OpenAI } = require('openai');

setDefaultOpenAIClient(new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL }));
const parameters = { type: 'object', properties: {}, required: [], additionalProperties: true };
const echo = tool({ name: 'echo', description: 'Echo', strict: false, parameters, execute: () => 'Yes.' });
const agent = new Agent({ name: 'Helper', model: 'gpt-4o', tools: [echo] });
run(agent, 'Hi').then(({ finalOutput }) => console.log(finalOutput));
