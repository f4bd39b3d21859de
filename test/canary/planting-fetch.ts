import type { ClientOptions } from 'openai';
import type { Secrets } from './secrets.ts';

/** Options of a client whose every header, key and address is a secret, and so is every text that it gets. */
export function plantedOptions(url: string, secrets: Secrets): ClientOptions {
  const credential = (place: string): string => secrets.make(place, 'credential');
  const address = new URL(url);
  address.username = credential('user of the base URL');
  address.password = credential('password of the base URL');
  return {
    apiKey: credential('API key'),
    organization: credential('organization'),
    project: credential('project'),
    baseURL: address.href,
    defaultHeaders: {
      cookie: credential('cookie'),
      'api-key': credential('api-key header'),
      'x-note': secrets.make('request header'),
    },
    defaultQuery: { 'api-version': '1', key: credential('query'), note: secrets.make('query') },
    fetch: plantingFetch(secrets) as never,
    maxRetries: 0,
    logLevel: 'off',
  };
}

/**
 * A `fetch` that plants secrets in every response: its JSON, the events of its stream, its headers. Fields that
 * an answer does not have, but some server may, are added.
 */
function plantingFetch(secrets: Secrets): typeof fetch {
  return async (input, init) => {
    // openai 4 sends forms as streams.
    const sent = { duplex: 'half' as const, ...init };
    const response = await fetch(withoutCredentials(input as string | URL | Request), sent);
    const place = `${init?.method ?? 'GET'} ${new URL(response.url).pathname}`;
    const headers = new Headers(response.headers);
    headers.delete('content-length');
    headers.set('set-cookie', secrets.make(`${place} set-cookie`, 'credential'));
    headers.set('x-note', secrets.make(`${place} x-note`));
    const type = headers.get('content-type') ?? '';
    const { status } = response;
    if (type.includes('event-stream'))
      return new Response(response.body?.pipeThrough(plantEvents(secrets, place)) ?? null, {
        status,
        headers,
      });
    if (type.includes('json')) {
      const body: unknown = await response.json();
      return new Response(JSON.stringify(secrets.plant(withMore(body), `response of ${place}`)), {
        status,
        headers,
      });
    }
    const text = await response.text();
    const planted = status === 204 ? null : text === '' ? '' : secrets.make(`response of ${place}`);
    return new Response(planted, { status, headers });
  };
}

/** A URL with a password is for `fetch` an error, and for a gateway in front of it a URL like any other. */
function withoutCredentials(input: string | URL | Request): string {
  const url = new URL(input instanceof Request ? input.url : input);
  url.username = url.password = '';
  return url.href;
}

/** What objects of the API have somewhere, as texts that are nobody's to record. */
const MORE: Readonly<Record<string, unknown>> = {
  filename: 'text',
  description: 'text',
  instructions: 'text',
  title: 'text',
  email: 'text',
  user: 'text',
  safety_identifier: 'text',
  prompt_cache_key: 'text',
  url: 'https://storage.example/file',
  value: 'text',
  redacted_value: 'text',
  error: { message: 'text', param: 'text' },
  last_error: null,
  metadata: { topic: 'text' },
  note: { text: 'text' },
};

function withMore(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  // What an object says of errors is what decides whether it failed.
  const { error, last_error, ...more } = MORE;
  return 'error' in body || 'last_error' in body || 'object' in body
    ? { ...more, ...body }
    : { ...more, error, last_error, ...body };
}

/** Event by event, as they come: some streams wait for what the program does next. */
function plantEvents(secrets: Secrets, place: string): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = '';
  return new TransformStream({
    transform(bytes, controller) {
      const events = (rest + decoder.decode(bytes, { stream: true })).split(/(?<=\n\n)/);
      rest = events.at(-1)?.endsWith('\n\n') ? '' : (events.pop() ?? '');
      for (const event of events) controller.enqueue(encoder.encode(plantEvent(secrets, event, place)));
    },
  });
}

function plantEvent(secrets: Secrets, event: string, place: string): string {
  return event.replace(/^data: (\{.*)$/m, (_, data: string) => {
    const value = JSON.parse(data) as { type?: string };
    return `data: ${JSON.stringify(secrets.plant(value, `event of ${place} ${value.type ?? ''}`))}`;
  });
}
