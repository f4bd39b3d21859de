import type OpenAI from 'openai';
import type { ScriptedUsage } from './script.ts';

// The shapes are those of the type files of `openai`, plus the fields that only real answers have.

export type Assistant = OpenAI.Beta.Assistant & { reasoning_effort: string | null };
export type Thread = OpenAI.Beta.Thread;
export type Message = OpenAI.Beta.Threads.Message;
export type ToolCall = OpenAI.Beta.Threads.Runs.ToolCall;
export type RunStep = OpenAI.Beta.Threads.Runs.RunStep & { expires_at: number | null };
export type Run = OpenAI.Beta.Threads.Run & { tool_resources: unknown; reasoning_effort: string | null };

/** As the Assistants API really sends it: the details of the prompt are spelled `prompt_token_details`. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_token_details: { cached_tokens: number };
  completion_tokens_details: { reasoning_tokens: number };
}

type AssistantBody = OpenAI.Beta.AssistantCreateParams;
type ThreadBody = OpenAI.Beta.ThreadCreateParams;
type MessageBody = OpenAI.Beta.Threads.MessageCreateParams;
export type RunBody = OpenAI.Beta.Threads.RunCreateParams & { tool_resources?: object | null };

/** How long a run may take before it expires: ten minutes. */
const SECONDS_TO_EXPIRY = 600;

export function newAssistant(id: string, createdAt: number, body: AssistantBody): Assistant {
  const tools = body.tools ?? [];
  return {
    id,
    object: 'assistant',
    created_at: createdAt,
    name: body.name ?? null,
    description: body.description ?? null,
    model: body.model,
    instructions: body.instructions ?? null,
    tools,
    top_p: body.top_p ?? 1,
    temperature: body.temperature ?? 1,
    reasoning_effort: body.reasoning_effort ?? null,
    tool_resources: {
      ...(tools.some((tool) => tool.type === 'code_interpreter') && { code_interpreter: { file_ids: [] } }),
      ...(tools.some((tool) => tool.type === 'file_search') && { file_search: { vector_store_ids: [] } }),
      ...body.tool_resources,
    },
    metadata: body.metadata ?? {},
    response_format: body.response_format ?? 'auto',
  };
}

export function newThread(id: string, createdAt: number, body: ThreadBody): Thread {
  return {
    id,
    object: 'thread',
    created_at: createdAt,
    metadata: body.metadata ?? {},
    tool_resources: { ...body.tool_resources },
  };
}

export function newMessage(id: string, threadId: string, createdAt: number, body: MessageBody): Message {
  const parts =
    typeof body.content === 'string' ? [{ type: 'text' as const, text: body.content }] : body.content;
  return {
    id,
    object: 'thread.message',
    created_at: createdAt,
    assistant_id: null,
    thread_id: threadId,
    run_id: null,
    status: 'completed',
    incomplete_details: null,
    incomplete_at: null,
    completed_at: createdAt,
    role: body.role,
    content: parts.map((part) =>
      part.type === 'text' ? { type: 'text', text: { value: part.text, annotations: [] } } : part,
    ),
    attachments: body.attachments ?? [],
    metadata: body.metadata ?? {},
  };
}

/** The empty message a run begins to write. */
export function newAnswer(id: string, createdAt: number, run: Run): Message {
  return {
    ...newMessage(id, run.thread_id, createdAt, { role: 'assistant', content: [] }),
    assistant_id: run.assistant_id,
    run_id: run.id,
    status: 'in_progress',
    completed_at: null,
  };
}

export function newRun(
  id: string,
  createdAt: number,
  assistant: Assistant,
  thread: Thread,
  body: RunBody,
): Run {
  const instructions = body.instructions ?? assistant.instructions ?? '';
  return {
    id,
    object: 'thread.run',
    created_at: createdAt,
    assistant_id: assistant.id,
    thread_id: thread.id,
    status: 'queued',
    started_at: null,
    expires_at: createdAt + SECONDS_TO_EXPIRY,
    cancelled_at: null,
    failed_at: null,
    completed_at: null,
    required_action: null,
    last_error: null,
    model: body.model ?? assistant.model,
    instructions: [instructions, body.additional_instructions ?? ''].filter(Boolean).join('\n'),
    tools: body.tools ?? assistant.tools,
    // As the API does: what the run may use stands with the thread and the assistant.
    tool_resources: {},
    metadata: body.metadata ?? {},
    temperature: body.temperature ?? assistant.temperature ?? 1,
    top_p: body.top_p ?? assistant.top_p ?? 1,
    reasoning_effort: body.reasoning_effort ?? assistant.reasoning_effort,
    max_completion_tokens: body.max_completion_tokens ?? null,
    max_prompt_tokens: body.max_prompt_tokens ?? null,
    truncation_strategy: { last_messages: null, ...(body.truncation_strategy ?? { type: 'auto' }) },
    incomplete_details: null,
    usage: null,
    response_format: body.response_format ?? assistant.response_format ?? 'auto',
    tool_choice: body.tool_choice ?? 'auto',
    parallel_tool_calls: body.parallel_tool_calls ?? true,
  };
}

export function newStep(id: string, createdAt: number, run: Run, messageId: string | undefined): RunStep {
  return {
    id,
    object: 'thread.run.step',
    created_at: createdAt,
    run_id: run.id,
    assistant_id: run.assistant_id,
    thread_id: run.thread_id,
    type: messageId === undefined ? 'tool_calls' : 'message_creation',
    status: 'in_progress',
    cancelled_at: null,
    completed_at: null,
    expires_at: run.expires_at,
    expired_at: null,
    failed_at: null,
    last_error: null,
    step_details:
      messageId === undefined
        ? { type: 'tool_calls', tool_calls: [] }
        : { type: 'message_creation', message_creation: { message_id: messageId } },
    metadata: {},
    usage: null,
  };
}

export function usageOf({ prompt, completion, cached = 0, reasoning = 0 }: ScriptedUsage): Usage {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_token_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

export function sumOf(spent: readonly ScriptedUsage[]): Usage {
  const sum = (read: (usage: ScriptedUsage) => number | undefined): number =>
    spent.reduce((total, usage) => total + (read(usage) ?? 0), 0);
  return usageOf({
    prompt: sum((usage) => usage.prompt),
    completion: sum((usage) => usage.completion),
    cached: sum((usage) => usage.cached),
    reasoning: sum((usage) => usage.reasoning),
  });
}
