import { createHash } from 'node:crypto';
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { SinkEvent } from '../../../src/client.ts';
import { resolveSettings } from '../../../src/config/config.ts';
import { invokeAgent } from '../../../src/operations/invoke-agent.ts';
import { contentLimits, writeContent } from '../../../src/telemetry/content/content-writer.ts';
import {
  blobPart,
  type Media,
  shownMedia,
  textWithoutMedia,
  urlPart,
} from '../../../src/telemetry/content/media.ts';
import { type EndedOperation, emitSinkEvents } from '../../../src/telemetry/events/sink-events.ts';
import { sha256, slowSha256 } from '../../../src/util/sha256.ts';
import { ask } from '../../support/ask.ts';
import { startProgram } from '../../support/program.ts';

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const IMAGE = 'data:image/png;base64,aGVsbG8=';
const SCREENSHOT = { name: 'screenshot', arguments: '{}' };

/** A call of the tool, and its result. */
function answered(content: string): OpenAI.Chat.ChatCompletionMessageParam[] {
  return [
    { role: 'assistant', tool_calls: [{ type: 'function', id: 'call_1', function: SCREENSHOT }] },
    { role: 'tool', tool_call_id: 'call_1', content },
  ];
}

type Mode = 'reference' | 'inline' | 'drop';

function mediaIn(media: Mode, maxContentLength = 100): Media {
  return contentLimits(resolveSettings({ media, maxContentLength }, () => undefined, {})).media;
}

function shown(value: unknown, media: Mode, maxContentLength?: number): unknown {
  return shownMedia(mediaIn(media, maxContentLength), value);
}

/** The messages of the last call of a program, as they are recorded with an option. */
async function recorded(
  media: Mode | undefined,
  messages: OpenAI.Chat.ChatCompletionMessageParam[],
): Promise<{ parts: Record<string, unknown>[] }[]> {
  const config = { captureMessageContent: 'SPAN_ONLY', ...(media && { media }) } as const;
  const { client, telemetry } = await startProgram({ content: true, config });
  await ask(client, '', { messages });
  return JSON.parse(String(telemetry.spans.at(-1)?.attributes['gen_ai.input.messages']));
}

const BLOB = { type: 'blob', modality: 'image', mime_type: 'image/png' };

describe('media that are recorded inline have limits of their own', () => {
  const MIB = 1_048_576;
  const config = { captureMessageContent: 'SPAN_AND_EVENT', media: 'inline', maxContentLength: 100 } as const;
  const url = (size: number): string => `data:image/png;base64,${Buffer.alloc(size, 7).toString('base64')}`;

  /** What is recorded of media in a message, in its order: the media as they were sent, or their size. */
  async function recordedOf(...urls: readonly string[]): Promise<unknown[]> {
    const { client, telemetry } = await startProgram({ content: true, eventContent: true, config });
    const content = urls.map((each) => ({ type: 'image_url' as const, image_url: { url: each } }));
    const text = { type: 'text' as const, text: 'x'.repeat(1_000) };
    await ask(client, '', { messages: [{ role: 'user', content: [text, ...content] }] });
    const onSpan = JSON.parse(String(telemetry.spans[0]?.attributes['gen_ai.input.messages']));
    const [onEvent] = telemetry.logRecords.map(({ attributes }) => attributes['gen_ai.input.messages']);
    expect(JSON.stringify(onEvent) === JSON.stringify(onSpan)).toBe(true);
    const [first, ...others] = onSpan[0].parts;
    expect(first).toEqual({ type: 'text', content: 'x'.repeat(100), original_length: 1_000 });
    return others.map((part: { content: string; size?: number }, index: number) =>
      urls[index]?.endsWith(`,${part.content}`) ? 'whole' : part.size,
    );
  }

  test('1 MiB each, 2 MiB on a span', async () => {
    expect(await recordedOf(url(MIB), url(MIB + 3), url(MIB - 6), url(7))).toEqual([
      'whole',
      MIB + 3,
      'whole',
      7,
    ]);
  });

  test('a sound of one second in the result of a tool', async () => {
    const { client, telemetry } = await startProgram({ content: true, eventContent: true, config });
    const sound = { type: 'audio', mimeType: 'audio/wav', data: Buffer.alloc(96_044, 1).toString('base64') };
    await ask(client, '', { messages: answered(JSON.stringify({ content: [sound, { text: '\u0001' }] })) });
    const [, message] = JSON.parse(String(telemetry.spans.at(-1)?.attributes['gen_ai.input.messages']));
    expect(message.parts[0].response).toEqual({ content: [sound, { text: '\u0001' }] });
  });

  test('a sink gets them, too', async () => {
    const events: SinkEvent[] = [];
    const sink = (event: SinkEvent): void => void events.push(event);
    const { client } = await startProgram({
      content: true,
      eventContent: true,
      config: { ...config, events: { sink, preset: 'full' } },
    });
    const content = [{ type: 'image_url' as const, image_url: { url: url(99_999) } }];
    await ask(client, '', { messages: [{ role: 'user', content }] });
    expect(JSON.stringify(events)).toContain(url(99_999).split(',')[1]);
  });

  test('what does not fit into an attribute of the SDK is recorded by its size', () => {
    const settings = resolveSettings({ media: 'inline' }, () => undefined, {});
    const content = { toolResult: blobPart(Buffer.alloc(90_000).toString('base64'), 'image') };
    const length = (limit?: number): unknown =>
      JSON.parse(String(writeContent(contentLimits(settings, limit), content)['gen_ai.tool.call.result']))
        .size;
    expect([length(), length(1_000)]).toEqual([undefined, 90_000]);
  });
});

test.each([
  [undefined, [{ ...BLOB, content: '', size: 5, sha256: HELLO }]],
  ['reference', [{ ...BLOB, content: '', size: 5, sha256: HELLO }]],
  ['inline', [{ ...BLOB, content: 'aGVsbG8=' }]],
  ['drop', []],
] as const)('media in a message are recorded with %s as %j', async (media, parts) => {
  const content = [{ type: 'image_url' as const, image_url: { url: IMAGE } }];
  expect(await recorded(media, [{ role: 'user', content }])).toEqual([{ role: 'user', parts }]);
});

describe.each([
  ['short', 'hello'],
  ['longer than other JSON may be', 'hello'.repeat(20_000)],
])('media in the JSON text of a result, %s,', (_, bytes) => {
  const content = Buffer.from(bytes).toString('base64');
  const output = `{"shown":"data:image/png;base64,${content}","id":12345678901234567890}`;
  const hash = createHash('sha256').update(bytes).digest('hex');
  const reference = { ...BLOB, content: '', size: bytes.length, sha256: hash };

  test.each([
    ['reference', { shown: reference, id: '12345678901234567890' }],
    ['drop', { shown: null, id: '12345678901234567890' }],
  ] as const)('are recorded with %s in messages as on the span of the tool', async (media, response) => {
    const config = { captureMessageContent: 'SPAN_ONLY', media } as const;
    const { client, simulator, telemetry } = await startProgram({ content: true, config });
    simulator.respond({ output: [{ function: { ...SCREENSHOT, arguments: {} } }] });
    const asked = await client.responses.create({ model: 'm', input: 'Show it.' });
    const [item] = asked.output;
    const call_id = item?.type === 'function_call' ? item.call_id : '';
    await client.responses.create({
      model: 'm',
      previous_response_id: asked.id,
      input: [
        { type: 'function_call_output', call_id, output },
        { type: 'custom_tool_call_output', call_id: 'other', output },
      ],
    });
    await ask(client, '', {
      messages: [
        ...answered(output),
        { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: output }] },
      ],
    });
    const input = telemetry.spans.flatMap(({ attributes }) =>
      JSON.parse(String(attributes['gen_ai.input.messages'] ?? '[]')),
    );
    const results = input.flatMap(({ parts }) => parts).filter(({ type }) => type === 'tool_call_response');
    expect(results.map((part) => part.response)).toEqual(Array(4).fill(response));
    const tool = telemetry.spans.find(({ name }) => name === 'execute_tool screenshot');
    expect(JSON.parse(String(tool?.attributes['gen_ai.tool.call.result']))).toEqual(response);
    expect(JSON.stringify(telemetry.spans.map(({ attributes }) => attributes))).not.toContain('aGVsbG9');
  });
});

describe('media in arguments and results', () => {
  test('are recorded the same, as message parts and as URLs', () => {
    const blob = blobPart('aGVsbG8=', 'audio');
    const reference = { type: 'blob', modality: 'audio', content: '', size: 5, sha256: HELLO };
    expect(shown(blob, 'reference')).toEqual(reference);
    // The limits for text are not those for media.
    expect(shown(blob, 'inline', 5)).toEqual(blob);
    expect(shown(IMAGE, 'reference')).toEqual({ ...BLOB, content: '', size: 5, sha256: HELLO });
    expect([shown(blob, 'inline'), shown(IMAGE, 'inline')]).toEqual([blob, IMAGE]);
    expect([shown(blob, 'drop'), shown(IMAGE, 'drop')]).toEqual([null, null]);
  });

  test('are no attribute if there is nothing else and they are dropped: null would be no valid result', () => {
    const settings = (media: Mode) => resolveSettings({ media }, () => undefined, {});
    const written = (media: Mode) =>
      writeContent(contentLimits(settings(media)), { toolResult: blobPart('aGVsbG8=', 'image') });
    expect(written('drop')).toEqual({});
    expect(Object.keys(written('reference'))).toEqual(['gen_ai.tool.call.result']);
  });

  test.each([['data: x'], ['database'], ['data:text,x'], [{ type: 'blob' }], [null], [7]])(
    '%j is not media',
    (value) => {
      expect(shown(value, 'reference')).toBe(value);
    },
  );
});

describe('media beside their type, as in results of MCP tools,', () => {
  const bytes = 'an image '.repeat(10);
  const data = Buffer.from(bytes).toString('base64');
  const sha = createHash('sha256').update(bytes).digest('hex');

  function written(media: Mode, value: unknown): unknown {
    const settings = resolveSettings({ media }, () => undefined, {});
    return JSON.parse(Object.values(writeContent(contentLimits(settings), { toolResult: value })).join());
  }

  test.each([
    [{ type: 'image', mimeType: 'image/png', data }, 'data', { modality: 'image', mime_type: 'image/png' }],
    [{ type: 'audio', data }, 'data', { modality: 'audio' }],
    [{ media_type: 'video/mp4', data }, 'data', { modality: 'video', mime_type: 'video/mp4' }],
    [{ uri: 'a', mimeType: 'text/csv', blob: data }, 'blob', { modality: 'document', mime_type: 'text/csv' }],
    [{ data, format: 'wav' }, 'data', { modality: 'audio' }],
    [{ id: 'audio_1', data, transcript: 'Hello' }, 'data', { modality: 'audio' }],
    [{ b64_json: data }, 'b64_json', { modality: 'image' }],
    [{ filename: 'a.pdf', file_data: data }, 'file_data', { modality: 'document' }],
    [{ type: 'image_generation_call', result: data }, 'result', { modality: 'image' }],
    [
      { type: 'image', image: data, mediaType: 'image/png' },
      'image',
      { modality: 'image', mime_type: 'image/png' },
    ],
  ] as const)('are recorded as the option says: %j', (value, key, described) => {
    const reference = { type: 'blob', ...described, content: '', size: bytes.length, sha256: sha };
    expect(written('reference', { content: [value] })).toEqual({ content: [{ ...value, [key]: reference }] });
    expect(written('drop', { content: [value] })).toEqual({ content: [{ ...value, [key]: null }] });
    expect(written('inline', { content: [value] })).toEqual({ content: [value] });
  });

  test.each([
    [{ data }],
    [{ mimeType: 'text/plain', data }],
    [{ mimeType: 'application/json', data: 'A sentence with more than thirty-two characters.' }],
    [{ type: 'image', data: 'short' }],
    [{ type: 'image', name: data }],
    [{ result: data }],
    [{ data, format: 7 }],
  ])('are nothing else: %j', (value) => {
    expect(written('drop', value)).toEqual(value);
  });

  test('are found in JSON texts of any length', async () => {
    const image = { type: 'image', mimeType: 'image/png', data: data.repeat(1_000) };
    const [, message] = await recorded('drop', answered(JSON.stringify(image)));
    expect(message?.parts[0]?.response).toEqual({ ...image, data: null });
  });

  test.each(['drop', 'reference'] as const)(
    'have no bytes in JSON that is too long to be parsed: %s',
    async (media) => {
      const image = { data: data.repeat(50_000), type: 'image' };
      const [, message] = await recorded(media, answered(JSON.stringify([{ note: 'a screenshot' }, image])));
      expect(message?.parts[0]?.response).toBe('[{"note":"a screenshot"},{"data":"……');
    },
  );

  test('have no bytes in text that is not only JSON', () => {
    const text = (shown: string): string => `Result: ${JSON.stringify({ type: 'image', data: shown })}.`;
    expect(shown(text(data), 'drop')).toBe(text('…'));
    expect(shown(text(data), 'inline')).toBe(text(data));
  });

  test.each([
    ['which reports the type first', `{"type":"image","data":"${data}`],
    ['which would have told it at the end', `[{"data":"${data}`],
  ])('have no bytes in JSON that was cut, %s', (_, text) => {
    expect(shown(`${text}…`, 'drop')).toBe(`${text.slice(0, text.indexOf(data))}……`);
  });

  test.each([
    'Log: {"type":"image","result":"abcdefghijklmnopqrstuvwxyzABCDEFGH is the slug of it"}.',
    `Log: {"name":"${data}","type":"image"}.`,
    `Log: {"data":"${data}"}.`,
  ])('are not what only looks like them in a text: %j', (text) => {
    expect(shown(text, 'drop')).toBe(text);
  });
});

describe('`data:` URLs inside of a text', () => {
  const markdown = `See ![this](${IMAGE}) and data:;base64,aGVsbG8= here.`;
  const withoutBytes = 'See ![this](data:image/png;base64,…) and data:;base64,… here.';

  test.each([
    ['reference', withoutBytes],
    ['drop', withoutBytes],
    ['inline', markdown],
  ] as const)('have no bytes with %s', async (media, content) => {
    const cut = media === 'inline' ? {} : { original_length: markdown.length };
    const parts = [{ type: 'text', content, ...cut }];
    expect(await recorded(media, [{ role: 'user', content: markdown }])).toEqual([{ role: 'user', parts }]);
    expect(shown(markdown, media, 1_000)).toBe(content);
  });

  test.each([
    [
      'a name with %',
      'x data:image/png;name=my%20file.png;base64,aGVsbG8=',
      'x data:image/png;name=my%20file.png;base64,…',
    ],
    ['upper case', 'x DATA:image/png;BASE64,aGVsbG8=', 'x DATA:image/png;BASE64,…'],
    ['an escaped slash', 'x data:image\\/png;base64,aGVsbG8=', 'x data:image\\/png;base64,…'],
    [
      'lines',
      `x data:image/png;base64,${'A'.repeat(76)}\r\n${'A'.repeat(76)}\nand on`,
      'x data:image/png;base64,…\nand on',
    ],
  ])('are found with %s', (_, text, shown) => {
    expect(textWithoutMedia(mediaIn('drop'), text)).toBe(shown);
  });

  test.each(['a', ';', ';a'])('without a comma are read in time proportional to the text: %s', (piece) => {
    const { length } = JSON.stringify(urlPart(`data:${piece.repeat(500_000)}`, 'image'));
    expect(length).toBeLessThan(2_000_000);
  });

  test('are found in time proportional to the text', () => {
    const hostile = `${'data:a'.repeat(200_000)}${';a'.repeat(200_000)};base64,`;
    expect(textWithoutMedia(mediaIn('drop'), hostile)).toBe(hostile);
  });
});

describe('the SHA-256 of media', () => {
  test.each([0, 1, 55, 56, 63, 64, 65, 1_000])('is correct for %i bytes in every runtime', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect([sha256(bytes), slowSha256(bytes)]).toEqual([expected, expected]);
  });

  test('is omitted if it would take long, for one medium or for all of an operation', () => {
    const megabytes = (count: number): string =>
      'A'.repeat((count * 2 ** 20 * 4) / 3 - (((count * 2 ** 20 * 4) / 3) % 4));
    const media = mediaIn('reference');
    expect(shownMedia(media, blobPart(megabytes(5), 'image'))).toMatchObject({ sha256: undefined });
    expect(shownMedia(media, blobPart(megabytes(3), 'image'))).toMatchObject({ sha256: expect.any(String) });
    expect(shownMedia(media, blobPart(megabytes(3), 'image'))).toMatchObject({ sha256: undefined });
    expect(shownMedia(media, blobPart('aGVsbG8=', 'image'))).toHaveProperty('sha256', HELLO);
  });
});

test('media in the arguments of a call of a run are left out of the event for the sink, too', () => {
  const events: SinkEvent[] = [];
  const sink = (event: SinkEvent): void => void events.push(event);
  const config = { captureMessageContent: true, media: 'drop', events: { sink, preset: 'full' } } as const;
  const settings = resolveSettings(config, () => undefined, {});
  const content = { arguments: { url: IMAGE, size: 1 } };
  const ended = {
    span: trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
    context: ROOT_CONTEXT,
    attributes: { 'gen_ai.operation.name': 'invoke_agent' },
    failure: undefined,
    spent: { usage: undefined, cost: undefined },
    startSettings: settings,
    operation: {
      ...invokeAgent,
      toolCalls: () => [{ id: 'call_1', name: 'show', type: 'function', content }],
    },
    result: {},
    content: undefined,
    startTime: 0,
    endTime: 1,
  };
  emitSinkEvents(ended as EndedOperation, settings);
  expect(events.find(({ type }) => type === 'tool.call')).toMatchObject({
    arguments: { url: null, size: 1 },
  });
});
