const OpenAI = require('openai');
const tasks = require('./agents-tasks.cjs');
const { writeResult } = require('./write.cjs');

const { LIBRARY = '@openai/agents', OTHER, TASK } = process.env;
const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const library = require(LIBRARY);
const other = OTHER && require(OTHER);
const realtime = TASK === 'voice' && require('@openai/agents/realtime');
tasks[TASK]({ library, other, realtime, client }).then(writeResult);
