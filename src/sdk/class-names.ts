export type ClassKind = 'socket' | 'loop' | 'agents' | 'agents-realtime';

/**
 * The names of the exported classes: code in an ES module can refer to its exports only by name. Plugins for
 * bundlers read this file, too, so it must not load the code that observes the classes.
 */
export const CLASS_NAMES: Readonly<Record<ClassKind, readonly string[]>> = {
  socket: [
    'OpenAIRealtimeWS',
    'OpenAIRealtimeWebSocket',
    'OpenAIRealtimeTranslationWS',
    'ResponsesWS',
    'LiveWS',
    'ForksWS',
    'SidebandWS',
  ],
  loop: ['ResponsesToolRunner', 'DecisionsToolRunner'],
  /** The runner of `@openai/agents`: only it knows the sessions. */
  agents: ['Runner'],
  'agents-realtime': ['OpenAIRealtimeBase'],
};
