/** The kinds of invocations, which outlive a single request. */
export type InvocationKind = 'run' | 'response' | 'turn';

/** The HTTP methods OpenAI's API uses. */
export type EndpointMethod = 'GET' | 'POST' | 'DELETE';

/** What distinguishes a method of an endpoint from a plain request. */
export interface Meaning {
  readonly folds?: InvocationKind;
}

/** The methods of an endpoint that are more than plain requests. */
export type Meanings = Readonly<Partial<Record<EndpointMethod, Meaning>>>;

/**
 * A row of the table: the path template as in OpenAI's API reference, its methods separated by spaces, and the meaning of
 * those that are more than plain requests. Unlisted methods also match, as plain requests; tests compare the list with
 * new versions of `openai`.
 */
export type RouteRow = readonly [template: string, methods: string, meanings?: Meanings];

/** A parameter of a path template. */
export interface PathParameter {
  /** The name without braces: `thread_id`. */
  readonly name: string;
  /** The attribute for its value: `openai.thread.id`; `undefined` if it is not recorded. */
  readonly attribute: string | undefined;
  /** The field of the resource with its value: `id`. */
  readonly field: string;
  /** Whether the value is the `gen_ai.conversation.id`, too. */
  readonly isConversation: boolean;
}

/** One method of one row. */
export interface Route {
  /** In upper case: `POST`; `_OTHER` for methods that HTTP does not define. */
  readonly method: string;
  /** The low-cardinality path template: `/threads/{thread_id}/runs`. */
  readonly template: string;
  /** Method and template: `POST /threads/{thread_id}/runs`. */
  readonly endpoint: string;
  /** The first segment of the template: `threads`. */
  readonly family: string;
  /**
   * Set if the request starts, drives or retrieves an invocation. If that invocation has a span here, the request is
   * folded into it.
   */
  readonly folds?: InvocationKind;
  /** In path order. */
  readonly parameters: readonly PathParameter[];
  /** What identifies the resource that a POST to a collection creates: `file_id` for `/files`. */
  readonly created?: PathParameter | undefined;
}
