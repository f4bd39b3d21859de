// Helpers of the SDK that make calls themselves.
import OpenAI from 'openai';
import { answerFormat, caught, HELLO, readAll, WEATHER_PARAMETERS } from '../runtime/requests.mjs';

const CHAT_EVENTS = [
  ...['connect', 'chunk', 'content', 'message', 'finalContent', 'finalMessage', 'finalChatCompletion'],
  ...['end', 'error', 'abort'],
];
const RESPONSE_EVENTS = [
  'connect',
  'event',
  'response.output_text.delta',
  'response.completed',
  'end',
  'error',
];
const QUESTION = { model: 'gpt-4o', input: 'Hello' };

/** Chat completions that have a helper, which used to be among what is `beta`. */
function completionsWith(helper, { options, absent }) {
  const { chat, beta } = new OpenAI(options);
  const completions = chat.completions[helper] ? chat.completions : beta?.chat?.completions;
  return completions?.[helper] === undefined ? absent(helper) : completions;
}

function responsesWith(method, { options, absent }) {
  const { responses } = new OpenAI(options);
  return responses?.[method] === undefined ? absent(`responses.${method}`) : responses;
}

/** What the SDK parses itself, because the program asks for a format. */
async function parseableFormat() {
  const { makeParseableResponseFormat } = await import('openai/lib/parser');
  const format = { type: 'json_schema', json_schema: answerFormat() };
  return { ...HELLO, response_format: makeParseableResponseFormat(format, JSON.parse) };
}

function weatherTool(more) {
  const name = 'get_weather';
  const description = 'Tells the weather';
  return { type: 'function', function: { name, description, parameters: WEATHER_PARAMETERS, ...more } };
}

function listenTo(helper, events) {
  const seen = [];
  for (const event of events) helper.on(event, (...args) => seen.push([event, args]));
  return seen;
}

export default {
  async 'chat-stream-helper'(world) {
    const helper = completionsWith('stream', world).stream(HELLO);
    const seen = listenTo(helper, CHAT_EVENTS);
    const chunks = await readAll(helper);
    const final = await helper.finalChatCompletion();
    return { seen, chunks, final, usage: await caught(() => helper.totalUsage()) };
  },

  async 'chat-stream-helper-aborted'(world) {
    const helper = completionsWith('stream', world).stream(HELLO);
    helper.once('chunk', () => helper.abort());
    const outcome = await caught(() => helper.done());
    const { aborted, errored } = helper;
    return { outcome, aborted, errored, cancelled: await world.cancelled() };
  },

  async 'chat-run-tools'(world) {
    const calls = [];
    const call = async (input) => {
      calls.push(input);
      return 'sunny';
    };
    const tools = [weatherTool({ parse: JSON.parse, function: call })];
    const runner = completionsWith('runTools', world).runTools({ ...HELLO, tools });
    return { content: await runner.finalContent(), calls, messages: runner.messages };
  },

  async 'chat-run-tools-streamed'(world) {
    const tools = [weatherTool({ function: () => 'sunny' })];
    const runner = completionsWith('runTools', world).runTools({ ...HELLO, tools, stream: true });
    const chunks = await readAll(runner);
    return { chunks, messages: runner.messages, final: await runner.finalContent() };
  },

  async 'chat-parse'(world) {
    const completions = completionsWith('parse', world);
    const promise = completions.parse(await parseableFormat());
    const { data, response } = await promise.withResponse();
    return { data, status: response.status, same: (await promise) === data };
  },

  async 'chat-parse-cut-off'(world) {
    const completions = completionsWith('parse', world);
    const body = await parseableFormat();
    return caught(() => completions.parse(body));
  },

  async 'chat-parse-raw-response'(world) {
    const response = await completionsWith('parse', world).parse(HELLO).asResponse();
    const { bodyUsed } = response;
    return { bodyUsed, body: await response.json() };
  },

  async 'response-created'(world) {
    const { data, response } = await responsesWith('create', world).create(QUESTION).withResponse();
    return { data, status: response.status, text: data.output_text };
  },

  'response-streamed': async (world) =>
    readAll(await responsesWith('create', world).create({ ...QUESTION, stream: true })),

  async 'response-stream-helper'(world) {
    const helper = responsesWith('stream', world).stream(QUESTION);
    const seen = listenTo(helper, RESPONSE_EVENTS);
    return { events: await readAll(helper), seen, final: await helper.finalResponse() };
  },

  async 'response-parsed'(world) {
    const responses = responsesWith('parse', world);
    const { makeParseableTextFormat } = await import('openai/lib/parser');
    const format = makeParseableTextFormat({ type: 'json_schema', ...answerFormat() }, JSON.parse);
    const promise = responses.parse({ ...QUESTION, text: { format } });
    const value = await promise;
    return { value, parsed: value.output_parsed, same: (await promise) === value };
  },
};
