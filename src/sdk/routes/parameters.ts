import * as ATTR from '../../semconv/attributes.ts';

/** A parameter of a path template. */
export interface PathParameter {
  /** The name without braces: `thread_id`. */
  readonly name: string;
  /** The index of its segment in the template. */
  readonly index: number;
  /** The attribute for its value: `openai.thread.id`; `undefined` if it is not recorded. */
  readonly attribute: string | undefined;
  /** The field of the resource with its value: `id`. */
  readonly field: string;
  /** Whether the value is the `gen_ai.conversation.id`, too. */
  readonly isConversation: boolean;
}

/**
 * The parameters that are not recorded as `openai.x.id` for `{x_id}`, with their attribute; `undefined` means never
 * recorded. The key is the name, or the path up to the parameter if the name is ambiguous.
 */
const ATTRIBUTES: Readonly<Record<string, string | undefined>> = {
  agent_id: ATTR.GEN_AI_AGENT_ID,
  conversation_id: ATTR.GEN_AI_CONVERSATION_ID,
  response_id: ATTR.GEN_AI_RESPONSE_ID,
  model: ATTR.GEN_AI_REQUEST_MODEL,
  // Identifies a person.
  user_id: undefined,
  // Ambiguous without a path.
  id: undefined,
  '/evals/{eval_id}/runs/{run_id}': ATTR.OPENAI_EVAL_RUN_ID,
  '/safety/alerts/{id}': ATTR.OPENAI_ALERT_ID,
  '/safety/cases/{id}': ATTR.OPENAI_CASE_ID,
};

/** The fields of resources that have the value of a parameter, unless it is `id`; by the same keys. */
const VALUE_FIELDS: Readonly<Record<string, string | undefined>> = {
  version: 'version',
  '/organization/projects/{project_id}/groups/{group_id}': 'group_id',
};

/** The parameters that identify a conversation, too; by the same keys. */
const CONVERSATION_PARAMETERS: ReadonlySet<string> = new Set([
  'thread_id',
  '/agents/sessions/{session_id}',
  '/live/sessions/{session_id}',
]);

/** The parameters of a path template, in path order, with the attributes their values are recorded under. */
export function pathParameters(template: string): readonly PathParameter[] {
  const segments = template.slice(1).split('/');
  return segments.flatMap((segment, index) => {
    if (!segment.startsWith('{')) return [];
    const name = segment.slice(1, -1);
    const path = `/${segments.slice(0, index + 1).join('/')}`;
    const field = VALUE_FIELDS[path] ?? VALUE_FIELDS[name] ?? 'id';
    const isConversation = CONVERSATION_PARAMETERS.has(path) || CONVERSATION_PARAMETERS.has(name);
    return [{ name, index, attribute: attributeOf(path, name), field, isConversation }];
  });
}

function attributeOf(path: string, name: string): string | undefined {
  if (path in ATTRIBUTES) return ATTRIBUTES[path];
  if (name in ATTRIBUTES) return ATTRIBUTES[name];
  return `openai.${name.endsWith('_id') ? name.slice(0, -'_id'.length) : name}.id`;
}
