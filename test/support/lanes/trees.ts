/** What both recordings say of their run. */
export const RUN_USAGE: { input_tokens: number; output_tokens: number } = {
  input_tokens: 381,
  output_tokens: 88,
};

/** The recorded polls; the recording has no steps to read. */
export const POLLED_RUN = `
  program
  ├─ create_agent Math Tutor                openai.assistant.id={assistant}
  ├─ POST /threads                          openai.thread.id={thread}
  └─ thread                                 openai.thread.id={thread} openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.runs=1 openai.total.user_messages=1
     ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
     ├─ invoke_agent Math Tutor             openai.thread.id={thread} openai.run.id={run} openai.assistant.id={assistant} openai.run.status=completed openai.run.poll_count=19 openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.user_messages=1 gen_ai.usage.input_tokens=381 gen_ai.usage.output_tokens=88
     └─ GET /threads/{thread_id}/messages   openai.thread.id={thread}
`;

/** The recorded stream: each step is one model call. */
export const STREAMED_RUN = `
  program
  ├─ create_agent Math Tutor                openai.assistant.id={assistant}
  ├─ POST /threads                          openai.thread.id={thread}
  ├─ thread                                 openai.thread.id={thread} openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.runs=1 openai.total.user_messages=1
  │  ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
  │  └─ invoke_agent Math Tutor             openai.thread.id={thread} openai.run.id={run} openai.assistant.id={assistant} openai.run.status=completed openai.total.input_tokens=381 openai.total.output_tokens=88 openai.total.user_messages=1
  │     ├─ chat gpt-4o-mini                 openai.thread.id={thread} openai.run.id={run} openai.assistant.id={assistant} openai.step.id={asking} gen_ai.usage.input_tokens=154 gen_ai.usage.output_tokens=62
  │     ├─ execute_tool code_interpreter    openai.thread.id={thread} openai.run.id={run} openai.assistant.id={assistant} openai.step.id={asking}
  │     └─ chat gpt-4o-mini                 openai.thread.id={thread} openai.run.id={run} openai.assistant.id={assistant} openai.step.id={answering} gen_ai.usage.input_tokens=227 gen_ai.usage.output_tokens=26
  └─ GET /assistants/{assistant_id}         openai.assistant.id={assistant}
`;

/** openai 4.19 hands out a streamed run as text: its span begins and ends, and nothing is made up. */
export const UNREAD_RUN = `
  program
  ├─ create_agent Math Tutor                openai.assistant.id={assistant}
  ├─ POST /threads                          openai.thread.id={thread}
  ├─ thread                                 openai.thread.id={thread} openai.total.user_messages=1
  │  ├─ POST /threads/{thread_id}/messages  openai.thread.id={thread}
  │  └─ invoke_agent Math Tutor             openai.thread.id={thread} openai.assistant.id={assistant} openai.run.observed=false openai.total.user_messages=1
  └─ GET /assistants/{assistant_id}         openai.assistant.id={assistant}
`;

/** What must not be there either. */
export const UNSEEN: readonly string[] = [
  'openai.run.id',
  'openai.run.status',
  'openai.step.id',
  'gen_ai.usage.input_tokens',
];
