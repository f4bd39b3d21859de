import { newAnswer, newStep, type Run, type RunStep, type ToolCall, usageOf } from './objects.ts';
import type { LiveRun, Moment } from './run.ts';
import type { RunEnd, ScriptedUsage, StepScript, ToolScript } from './script.ts';
import { countTokens, tokens, words } from './tokens.ts';

type FunctionCall = Extract<ToolCall, { type: 'function' }>;
type MessageStep = Extract<StepScript, { message: string }>;
type ToolStep = Extract<StepScript, { tools: readonly ToolScript[] }>;

/** Plays a step up to its completion, or leaves it in progress for whatever `interrupted` it. */
export function* playStep(run: LiveRun, script: StepScript, interrupted: boolean): Generator<Moment, void> {
  if ('message' in script) yield* playMessage(run, script, interrupted);
  else yield* playTools(run, script, interrupted);
}

function* playMessage(run: LiveRun, script: MessageStep, interrupted: boolean): Generator<Moment, void> {
  const { clock, identifiers } = run.world;
  const message = newAnswer(identifiers.next('msg_'), clock.now(), run.object);
  const step = yield* beginStep(run, script, message.id);
  run.thread.messages.push(message);
  run.answer = message;
  yield run.event('thread.message.created', message);
  yield run.event('thread.message.in_progress', message);
  yield 'stage';
  message.content = [{ type: 'text', text: { value: script.message, annotations: [] } }];
  for (const [index, value] of words(script.message).entries()) {
    const text = index === 0 ? { value, annotations: [] } : { value };
    yield run.event('thread.message.delta', messageDelta(message.id, text));
  }
  const annotations = script.annotations ?? [];
  if (annotations.length > 0) {
    Object.assign(message, { content: [{ type: 'text', text: { value: script.message, annotations } }] });
    const indexed = annotations.map((annotation, index) => ({ index, ...(annotation as object) }));
    yield run.event('thread.message.delta', messageDelta(message.id, { annotations: indexed }));
  }
  if (interrupted) return;
  message.status = 'completed';
  message.completed_at = clock.now();
  yield run.event('thread.message.completed', message);
  yield* settleStep(run, step, 'completed');
  yield 'stage';
}

function messageDelta(id: string, text: object): object {
  const delta = { content: [{ index: 0, type: 'text', text }] };
  return { id, object: 'thread.message.delta', delta };
}

function* playTools(run: LiveRun, script: ToolStep, interrupted: boolean): Generator<Moment, void> {
  const step = yield* beginStep(run, script, undefined);
  yield 'stage';
  const calls: ToolCall[] = [];
  step.step_details = { type: 'tool_calls', tool_calls: calls };
  for (const [index, tool] of script.tools.entries()) {
    const call = newToolCall(run, tool);
    calls.push(call);
    for (const delta of toolDeltas(call))
      yield run.event('thread.run.step.delta', stepDelta(step.id, index, delta));
  }
  const functions = calls.filter((call) => call.type === 'function');
  if (functions.length > 0) {
    requireOutputs(run.object, functions);
    yield run.event('thread.run.requires_action', run.object);
    yield 'outputs needed';
    if (interrupted && run.script.end === 'expired') return;
    yield* settleStep(run, step, 'completed');
    yield run.event('thread.run.queued', run.object);
    yield 'stage';
    run.object.status = 'in_progress';
    yield run.event('thread.run.in_progress', run.object);
    yield 'stage';
  } else if (!interrupted) {
    yield* settleStep(run, step, 'completed');
    yield 'stage';
  }
}

function* beginStep(
  run: LiveRun,
  script: StepScript,
  messageId: string | undefined,
): Generator<Moment, RunStep> {
  const { clock, identifiers } = run.world;
  const step = newStep(identifiers.next('step_'), clock.now(), run.object, messageId);
  run.steps.push(step);
  run.spending = script.usage ?? estimatedUsage(run, script);
  yield run.event('thread.run.step.created', step);
  yield run.event('thread.run.step.in_progress', step);
  return step;
}

/** Ends the step that is in progress, and the message it writes, as the end of the run demands. */
export function* interruptStep(run: LiveRun, end: RunEnd): Generator<Moment, void> {
  const step = run.steps.at(-1);
  if (step?.status !== 'in_progress') return;
  const message = run.answer;
  if (message?.status === 'in_progress') {
    message.status = 'incomplete';
    message.incomplete_at = run.world.clock.now();
    message.incomplete_details = {
      reason: end === 'incomplete' ? 'max_tokens' : `run_${toInterruption(end)}`,
    };
    yield run.event('thread.message.incomplete', message);
  }
  // A step has no status of its own for a run that reached a token limit.
  yield* settleStep(run, step, end === 'incomplete' ? 'completed' : toInterruption(end));
}

function toInterruption(end: RunEnd): 'cancelled' | 'expired' | 'failed' {
  return end === 'cancelled' || end === 'expired' ? end : 'failed';
}

function* settleStep(
  run: LiveRun,
  step: RunStep,
  status: 'completed' | 'cancelled' | 'expired' | 'failed',
): Generator<Moment, void> {
  step.status = status;
  step[`${status}_at`] = run.world.clock.now();
  if (status === 'failed') Object.assign(step, { last_error: run.lastError });
  if (run.script.stepUsage !== false) step.usage = usageOf(run.spending);
  run.spent.push(run.spending);
  yield run.event(`thread.run.step.${status}`, step);
}

/** Where nobody scripted it: the instructions and the thread go in, what the step writes comes out. */
function estimatedUsage(run: LiveRun, script: StepScript): ScriptedUsage {
  const output = 'message' in script ? script.message : JSON.stringify(script.tools);
  const input =
    run.object.instructions + JSON.stringify(run.thread.messages.map((message) => message.content));
  return { prompt: countTokens(input), completion: countTokens(output) };
}

function newToolCall(run: LiveRun, tool: ToolScript): ToolCall {
  const id = run.world.identifiers.next('call_');
  if ('function' in tool) {
    const { name, arguments: input } = tool.function;
    const text = typeof input === 'string' ? input : JSON.stringify(input);
    return { id, type: 'function', function: { name, arguments: text, output: null } };
  }
  if ('codeInterpreter' in tool) {
    const { input, logs, images = 0 } = tool.codeInterpreter;
    const pictures = Array.from({ length: images }, () => ({
      type: 'image' as const,
      image: { file_id: run.world.identifiers.next('file-') },
    }));
    const outputs = [...(logs === undefined ? [] : [{ type: 'logs' as const, logs }]), ...pictures];
    return { id, type: 'code_interpreter', code_interpreter: { input, outputs } };
  }
  const { query, results } = tool.fileSearch;
  return {
    id,
    type: 'file_search',
    file_search: {
      ranking_options: { ranker: 'default_2024_08_21', score_threshold: 0 },
      ...(query !== undefined && { query }),
      results: results.map(({ text, ...result }) => ({
        ...result,
        ...(text !== undefined && { content: [{ type: 'text' as const, text }] }),
      })),
    },
  };
}

/** A tool call as a stream reports it: first its id, then its input, then what came out. */
function* toolDeltas(call: ToolCall): Generator<object, void> {
  const { id, type } = call;
  switch (call.type) {
    case 'function':
      yield { id, type, function: { name: call.function.name, arguments: '', output: null } };
      for (const piece of tokens(call.function.arguments)) yield { type, function: { arguments: piece } };
      break;
    case 'code_interpreter': {
      yield { id, type, code_interpreter: { input: '', outputs: [] } };
      for (const piece of tokens(call.code_interpreter.input))
        yield { type, code_interpreter: { input: piece } };
      const outputs = call.code_interpreter.outputs.map((output, index) => ({ index, ...output }));
      if (outputs.length > 0) yield { type, code_interpreter: { outputs } };
      break;
    }
    case 'file_search':
      yield { id, type, file_search: {} };
  }
}

function stepDelta(id: string, index: number, call: object): object {
  const details = { type: 'tool_calls', tool_calls: [{ index, ...call }] };
  return { id, object: 'thread.run.step.delta', delta: { step_details: details } };
}

function requireOutputs(run: Run, calls: readonly FunctionCall[]): void {
  run.status = 'requires_action';
  run.required_action = {
    type: 'submit_tool_outputs',
    submit_tool_outputs: {
      tool_calls: calls.map(({ id, function: { name, arguments: input } }) => ({
        id,
        type: 'function',
        function: { name, arguments: input },
      })),
    },
  };
}
