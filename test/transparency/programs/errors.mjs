// Calls that fail, are tried again, or are given up.
import OpenAI from 'openai';
import { ask, openStream } from '../runtime/calls.mjs';
import { caught, readAll } from '../runtime/requests.mjs';

/** A call that settles in some way. */
async function settle({ options }, more) {
  return caught(() => ask(options, more));
}

/** As many calls as the server has answers, one after the other. */
async function settleEach(world, count) {
  const outcomes = [];
  for (let call = 0; call < count; call++) outcomes.push(await settle(world));
  return outcomes;
}

export default {
  async 'error-statuses'(world) {
    const { APIError, RateLimitError } = OpenAI;
    const errors = (await settleEach(world, 11)).map(({ thrown }) => thrown);
    return errors.map((thrown) => ({
      thrown,
      known: thrown instanceof APIError,
      rate: thrown instanceof RateLimitError,
    }));
  },
  'error-bodies': (world) => settleEach(world, 5),
  'connection-refused': ({ options }) =>
    settle({ options: { ...options, baseURL: 'http://127.0.0.1:9/v1' } }),
  'cut-socket': (world) => settleEach(world, 2),
  'invalid-json': (world) => settle(world),

  async 'empty-answer'({ options }) {
    const { models } = new OpenAI(options);
    return [
      await caught(() => models.delete?.('a') ?? models.del('a')),
      await caught(() => models.retrieve('b')),
    ];
  },

  async retries({ options }) {
    const { data, response } = await ask({ ...options, maxRetries: 2 }).withResponse();
    return { data, response };
  },
  'retries-exhausted': (world) => settle(world, { maxRetries: 1 }),
  'retry-refused-by-server': ({ options }) => settle({ options: { ...options, maxRetries: 3 } }),
  'retried-stream': async ({ options }) => readAll(await openStream({ ...options, maxRetries: 1 })),
  timeout: ({ options }) => settle({ options: { ...options, timeout: 40 } }),
  'timeout-then-answer': (world) => settle(world, { timeout: 1_000, maxRetries: 1 }),
  'aborted-before': (world) => settle(world, { signal: AbortSignal.abort() }),

  async 'aborted-during'(world) {
    const controller = new AbortController();
    const promise = settle(world, { signal: controller.signal });
    await world.received(1);
    controller.abort(new Error('enough'));
    const outcome = await promise;
    return { outcome, cancelled: await world.cancelled() };
  },

  async 'aborted-while-waiting-to-retry'({ options }) {
    const controller = new AbortController();
    const answer = async (...args) => {
      const response = await fetch(...args);
      setTimeout(() => controller.abort(), 50);
      return response;
    };
    return settle({ options: { ...options, maxRetries: 5, fetch: answer } }, { signal: controller.signal });
  },

  async 'aborted-after'({ options }) {
    const controller = new AbortController();
    const completion = await ask(options, { signal: controller.signal });
    controller.abort();
    return completion;
  },

  'refused-options': async (world) => [
    await settle(world, { timeout: -1 }),
    await settle(world, { timeout: 'soon' }),
  ],
};
