import { arrayField, field, objectField, stringField, strings } from '../payload.ts';
import type { ToolRun } from './call.ts';
import type { Method, Patches } from './patches.ts';
import { isObject, propertyOf } from './property.ts';

/** Finds who observes a client; `undefined` where nobody does. */
type RunToolOf = (client: unknown) => ((tool: ToolRun) => unknown) | undefined;

/** The helpers that run the program's own functions: they make no request, so that no call tells of them. */
const HELPERS = ['runTools', 'runFunctions'] as const;

/**
 * The prototypes that have the helpers, found from a client class (openai keeps its resources on it) or from a
 * client. The helpers moved from `beta.chat.completions` (openai 4) to `chat.completions` (5 to 7).
 */
export function findCompletionsPrototypes(clientOrClass: unknown): object[] {
  const fromClass = [
    path(clientOrClass, 'Chat', 'Completions'),
    path(clientOrClass, 'Beta', 'Chat', 'Completions'),
  ];
  const fromClient = [
    path(clientOrClass, 'chat', 'completions'),
    path(clientOrClass, 'beta', 'chat', 'completions'),
    path(makeBeta(clientOrClass), 'chat', 'completions'),
  ];
  const found = [
    ...fromClass.map((resource) => propertyOf(resource, 'prototype')),
    ...fromClient.map((resource) => (isObject(resource) ? Object.getPrototypeOf(resource) : undefined)),
  ];
  return found.filter(
    (prototype) => isObject(prototype) && HELPERS.some((name) => Object.hasOwn(prototype, name)),
  );
}

/** Late openai 4 keeps no class of beta chat on its class: what leads there is the resource that holds one. */
function makeBeta(clientClass: unknown): unknown {
  const Beta = path(clientClass, 'Beta');
  return typeof Beta === 'function' ? Reflect.construct(Beta, [undefined]) : undefined;
}

/** Has every function that a helper is given run through the observer, on whose behalf it is called. */
export function patchToolRunners(prototype: object, patches: Patches, runToolOf: RunToolOf): void {
  for (const name of HELPERS) {
    patches.wrap(prototype, name, (original) => {
      return function runTools(body, ...rest) {
        const runTool = runToolOf(field(this, '_client'));
        return original.call(this, runTool === undefined ? body : watchTools(body, runTool), ...rest);
      };
    });
  }
}

/** A body that is the program's in all but the functions of its tools. */
function watchTools(body: unknown, runTool: (tool: ToolRun) => unknown): unknown {
  if (!isObject(body)) return body;
  const { tools, functions } = body as { tools?: unknown; functions?: unknown };
  return {
    ...body,
    ...(Array.isArray(tools) ? { tools: tools.map((tool) => watchTool(tool, runTool)) } : {}),
    ...(Array.isArray(functions) ? { functions: functions.map((each) => watchFunction(each, runTool)) } : {}),
  };
}

/** Tools keep what they are made of, also where it is hidden, such as the brand of a tool made from a schema. */
function watchTool(tool: unknown, runTool: (tool: ToolRun) => unknown): unknown {
  if (!isObject(tool)) return tool;
  const definition = propertyOf(tool, 'function');
  const callback = propertyOf(tool, '$callback');
  if (typeof callback === 'function') {
    const name = nameOf(definition, callback);
    return derive(tool, { $callback: watchCallback(callback as Method, name, runTool) });
  }
  return isObject(definition) && typeof propertyOf(definition, 'function') === 'function'
    ? derive(tool, { function: watchFunction(definition, runTool) })
    : tool;
}

function watchFunction(definition: unknown, runTool: (tool: ToolRun) => unknown): unknown {
  const callback = propertyOf(definition, 'function');
  if (!isObject(definition) || typeof callback !== 'function') return definition;
  const name = nameOf(definition, callback);
  return derive(definition, { function: watchCallback(callback as Method, name, runTool) });
}

function watchCallback(callback: Method, name: string, runTool: (tool: ToolRun) => unknown): Method {
  const watched: Method = function (...args) {
    return runTool({
      name,
      arguments: args[0],
      callIds: () => callIds(args[1], name),
      run: () => callback.apply(this, args),
    });
  };
  // The SDK falls back on a function's own name.
  return Object.defineProperty(watched, 'name', { value: callback.name, configurable: true });
}

/** The calls of a function among those that the model has last asked a runner for, in their order. */
function callIds(runner: unknown, name: string): string[] {
  const asking = arrayField(runner, 'messages').findLast((message) => field(message, 'role') === 'assistant');
  const calls = arrayField(asking, 'tool_calls').filter(
    (call) => stringField(objectField(call, 'function'), 'name') === name,
  );
  return strings(calls.map((call) => stringField(call, 'id')));
}

function nameOf(definition: unknown, callback: object): string {
  const name = propertyOf(definition, 'name') || propertyOf(callback, 'name');
  return typeof name === 'string' && name !== '' ? name : 'function';
}

/** An object that looks like the one it stands for, but for some fields; what was enumerable stays so. */
function derive(original: object, fields: Record<string, unknown>): object {
  const derived = Object.create(Object.getPrototypeOf(original), Object.getOwnPropertyDescriptors(original));
  for (const [key, value] of Object.entries(fields)) {
    const enumerable = Object.getOwnPropertyDescriptor(original, key)?.enumerable ?? true;
    Object.defineProperty(derived, key, { value, enumerable, configurable: true, writable: true });
  }
  return derived;
}

function path(from: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((value, key) => propertyOf(value, key), from);
}
