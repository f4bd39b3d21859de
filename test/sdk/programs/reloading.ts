// Loads openai again and again, as test runners and development servers do, and counts the copies that are kept.
import { createRequire, Module } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OpenAIInstrumentation } from '../../../src/index.ts';

const LOADS = 5;
const ROUNDS = 10;

const { cache, resolve } = createRequire(import.meta.url);
const program = new Module('program');
const instrumentation = new OpenAIInstrumentation();
const loaded: WeakRef<object>[] = [];

function load(): void {
  const { OpenAI } = program.require(resolve('openai')) as typeof import('openai');
  loaded.push(new WeakRef(OpenAI));
  const files = Object.keys(cache).filter((file) => /[\\/]openai[\\/]/.test(file));
  for (const file of files) delete cache[file];
  program.children.length = 0;
}

for (let index = 0; index < LOADS; index++) load();
for (let round = 0; round < ROUNDS; round++) {
  gc?.();
  await nextTurn();
}
console.log(JSON.stringify(loaded.filter((copy) => copy.deref() !== undefined).length));
instrumentation.disable();
