import { inspect } from 'node:util';
import OpenAI, * as openai from 'openai';
import { HELLO } from '../runtime/requests.mjs';

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
        const {
          value: found,
          enumerable,
          writable,
          configurable,
        } = Object.getOwnPropertyDescriptor(layer, key);
        const shown = typeof found === 'function' ? `${found.name}(${found.length})` : typeof found;
        return [String(key), shown, enumerable, writable, configurable].join(' ');
      });
    layers.push(names.sort());
  }
  return layers;
}

export default async ({ options }) => {
  const client = new OpenAI(options);
  const promise = client.chat.completions.create(HELLO);
  const value = await promise;
  const list = client.models.list();
  const page = await list;
  const stream = await client.chat.completions.create({ ...HELLO, stream: true });
  const iterator = stream[Symbol.asyncIterator]();
  const step = iterator.next();
  const firstStep = await step;
  await iterator.return();
  const things = { client, class: OpenAI, promise, value, list, page, stream, step, firstStep };
  const shapes = Object.entries(things).map(([name, thing]) => [name, shapeOf(thing)]);
  return {
    shapes,
    iterator: { keys: Object.keys(iterator), classes: shapeOf(iterator).slice(1) },
    text: Object.entries(things).map(([name, thing]) => [name, String(thing).slice(0, 30)]),
    json: JSON.stringify([promise, page, value]),
    printed: [inspect(promise.parseResponse), inspect(stream.iterator)],
    isOpenAI: client instanceof OpenAI,
    keys: Object.keys(openai).sort(),
  };
};
