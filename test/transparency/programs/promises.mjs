// What a program does with the promise of a call.
import { inspect } from 'node:util';
import OpenAI, * as openai from 'openai';
import { ask, openStream } from '../runtime/calls.mjs';
import { caught, HELLO, pause, WEATHER_PARAMETERS } from '../runtime/requests.mjs';

/** What Node itself puts on promises while a program has contexts that follow it. */
const OF_NODE = /async_id_symbol|kResourceStore/;

/** Names, kinds and lengths of all members of an object, and of its classes. */
function shapeOf(value) {
  const layers = [];
  for (
    let layer = value;
    layer !== null && layer !== Object.prototype;
    layer = Object.getPrototypeOf(layer)
  ) {
    const names = Reflect.ownKeys(layer)
      .filter((key) => !OF_NODE.test(String(key)))
      .map((key) => {
        const property = Object.getOwnPropertyDescriptor(layer, key);
        const { value: found, enumerable, writable, configurable } = property;
        const shown = typeof found === 'function' ? `${found.name}(${found.length})` : typeof found;
        return [String(key), shown, enumerable, writable, configurable].join(' ');
      });
    layers.push(names.sort());
  }
  return layers;
}

/** Frozen all the way down: nothing can be written into what the program hands over. */
function freeze(value) {
  for (const item of Object.values(value)) if (typeof item === 'object') freeze(item);
  return Object.freeze(value);
}

export default {
  'awaited-value': async ({ options }) => ask(options),

  async 'awaited-twice'({ options }) {
    const promise = ask(options);
    const [first, second] = [await promise, await promise];
    return { first, same: first === second };
  },

  async 'awaited-late'({ options, received }) {
    const promise = ask(options);
    await received(1);
    await pause(20);
    return promise;
  },

  async 'then-catch-finally'({ options }) {
    const order = [];
    const value = await ask(options)
      .finally(() => order.push('finally'))
      .then((completion) => {
        order.push('then');
        return completion.choices;
      });
    const failure = await ask(options)
      .then(() => order.push('not reached'))
      .catch((error) => {
        order.push('catch');
        return error;
      })
      .finally(() => order.push('finally'));
    return { value, failure, order };
  },

  async 'with-response'({ options }) {
    const { data, response, request_id: requestId } = await ask(options).withResponse();
    return { data, response, requestId };
  },

  async 'raw-response'({ options }) {
    const response = await ask(options).asResponse();
    const { bodyUsed } = response;
    return { response, bodyUsed, body: await response.json() };
  },

  'raw-response-of-failure': async ({ options }) => caught(() => ask(options).asResponse()),

  async 'raw-response-then-value'({ options }) {
    const promise = ask(options);
    const { status, bodyUsed } = await promise.asResponse();
    return { status, bodyUsed, value: await promise };
  },

  async 'unwrapped-value'({ options, absent }) {
    const promise = ask(options);
    if (promise._thenUnwrap === undefined) {
      await promise;
      return absent('_thenUnwrap');
    }
    const text = promise._thenUnwrap((completion) => ({ text: completion.choices[0].message.content }));
    const { data, response } = await text.withResponse();
    return { data, status: response.status, same: (await text) === data };
  },

  async 'unwrapped-raw-response'({ options, absent }) {
    const promise = ask(options);
    if (promise._thenUnwrap === undefined) {
      await promise;
      return absent('_thenUnwrap');
    }
    const response = await promise._thenUnwrap(() => 'never made').asResponse();
    const { bodyUsed } = response;
    return { bodyUsed, body: await response.json() };
  },

  async 'never-awaited'({ options, received }) {
    ask(options);
    await received(1);
    await pause(30);
  },

  async 'never-awaited-failures'({ options, received }) {
    const client = new OpenAI(options);
    for (let call = 0; call < 3; call++) ask(options);
    client.models.list();
    // One that is handled late is handled.
    const late = ask(options);
    late.catch(() => undefined);
    await received(5);
    await pause(50);
  },

  async 'many-at-once'({ options }) {
    const client = new OpenAI(options);
    const ids = Array.from({ length: 10 }, (_, index) => `model-${index}`);
    const all = await Promise.all(ids.map((id) => client.models.retrieve(id)));
    const settled = await Promise.allSettled(ids.map((id) => client.models.retrieve(id)));
    const any = await Promise.any([client.models.retrieve('model-10'), new Promise(() => undefined)]);
    return { all: all.map(({ id }) => id), settled: settled.map(({ value }) => value.id), any: any.id };
  },

  async 'order-of-results'({ options }) {
    const names = ['first', 'second', 'third'];
    const answers = new Map();
    const order = [];
    const client = new OpenAI({
      ...options,
      // Once all requests have arrived, they are answered in the reverse order.
      fetch: (url) =>
        new Promise((resolve) => {
          const name = String(url).split('/').at(-1);
          answers.set(name, () => resolve(Response.json({ id: name })));
          if (answers.size === names.length) for (const each of names.toReversed()) answers.get(each)();
        }),
    });
    const call = (name) => client.models.retrieve(name).then(({ id }) => order.push(id));
    await Promise.all([...names.map(call), Promise.resolve().then(() => order.push('microtask'))]);
    return order;
  },

  async shapes({ options }) {
    const client = new OpenAI(options);
    const promise = client.chat.completions.create(HELLO);
    const value = await promise;
    const list = client.models.list();
    const page = await list;
    const stream = await openStream(options);
    const iterator = stream[Symbol.asyncIterator]();
    const step = iterator.next();
    const firstStep = await step;
    await iterator.return();
    const things = { client, class: OpenAI, promise, value, list, page, stream, step, firstStep };
    return {
      shapes: Object.entries(things).map(([name, thing]) => [name, shapeOf(thing)]),
      iterator: { keys: Object.keys(iterator), classes: shapeOf(iterator).slice(1) },
      text: Object.entries(things).map(([name, thing]) => [name, String(thing).slice(0, 30)]),
      json: JSON.stringify([promise, page, value]),
      printed: [inspect(promise.parseResponse), inspect(stream.iterator)],
      isOpenAI: client instanceof OpenAI,
      keys: Object.keys(openai).sort(),
    };
  },

  async 'untouched-parameters'({ options }) {
    const tool = {
      type: 'function',
      function: { name: 'get_weather', parameters: structuredClone(WEATHER_PARAMETERS) },
    };
    const parameters = freeze(structuredClone({ ...HELLO, tools: [tool], metadata: { a: 'b' } }));
    const requestOptions = freeze({ headers: { 'x-own': 'own' } });
    const before = JSON.stringify([parameters, requestOptions]);
    const value = await new OpenAI(options).chat.completions.create(parameters, requestOptions);
    return { value, same: JSON.stringify([parameters, requestOptions]) === before };
  },
};
