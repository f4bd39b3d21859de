/** The kinds of classes that are observed beside clients. */
export type ClassKind = 'socket' | 'loop' | 'agents' | 'agents-realtime';

/**
 * What they are exported as. An ES module has to be asked for each
 * name. The plugins for bundlers read them, too, and load nothing else of the classes.
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
  /** The runner of `@openai/agents`, the only one that knows of sessions. */
  agents: ['Runner'],
  /** The transports of its realtime agents. */
  'agents-realtime': ['OpenAIRealtimeBase'],
};
