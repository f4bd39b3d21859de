const OpenAI = require('openai');
const tasks = require('./agents-tasks.cjs');
const { writeResult } = require('./write.cjs');

const { LIBRARY = '@openai/agents', OTHER, TASK } = process.env;
const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
const library = require(LIBRARY);
const other = OTHER && require(OTHER);
tasks[TASK]({ library, other, client }).then(writeResult);
