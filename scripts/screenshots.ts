/**
 * Writes the screenshots of the trace page under docs/images/: the traces of the Math Tutor, and of a program whose last
 * call fails, in Chromium.
 *
 *     npm run screenshots
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { HtmlTraceExporter } from 'opentelemetry-instrumentation-openai/export';
import type { Page } from 'playwright-core';
import { NO_BROWSER, startBrowser } from '../test/support/browser.ts';

const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));

interface Screenshot {
  readonly name: string;
  readonly dark?: boolean;
  readonly width: number;
  readonly height: number;
  /** The trace to open, and the span to select in it. */
  readonly trace: string;
  readonly span?: string;
}

const SCREENSHOTS: readonly Screenshot[] = [
  { name: 'page-light', width: 1440, height: 860, trace: 'tutoring session' },
  {
    name: 'page-dark',
    dark: true,
    width: 1440,
    height: 600,
    trace: 'answer ticket',
    span: 'chat gpt-4o RateLimitError',
  },
  { name: 'page-narrow', width: 420, height: 900, trace: 'tutoring session' },
];

/** Runs the programs and writes the page of their traces. */
async function writePage(path: string): Promise<void> {
  const sdk = new NodeSDK({
    serviceName: 'math-tutor',
    instrumentations: [new OpenAIInstrumentation({ captureMessageContent: 'SPAN_ONLY' })],
    spanProcessors: [new SimpleSpanProcessor({ exporter: new HtmlTraceExporter({ path }) })],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  // What uses `openai` is imported once the instrumentation is there.
  const { tutor } = await import('../examples/math-tutor/tutoring.ts');
  await tutor();
  await answerTicket();
  await sdk.shutdown();
}

/** A chat with a retry that helps, and then an answer that never comes. */
async function answerTicket(): Promise<void> {
  const { default: Client } = await import('openai');
  const { startSimulator } = await import('../test/support/simulator/index.ts');
  const simulator = await startSimulator({});
  const client = new Client({ apiKey: 'no key is needed here', baseURL: simulator.url, maxRetries: 2 });
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You answer customers of a shop.' },
    { role: 'user', content: 'Where is my parcel?' },
  ];
  const ask = (): Promise<OpenAI.ChatCompletion> =>
    client.chat.completions.create({ model: 'gpt-4o', messages });
  await trace.getTracer('shop').startActiveSpan('answer ticket', async (span) => {
    simulator.next({ status: 500 });
    const { choices } = await ask();
    messages.push({ role: 'assistant', content: choices[0]?.message.content ?? '' });
    messages.push({ role: 'user', content: 'And when will it come?' });
    for (let attempt = 0; attempt < 3; attempt++) simulator.next({ status: 429 });
    await ask().catch(() => undefined);
    span.end();
  });
  await simulator.close();
}

/** The browser packs an image without loss far better as WebP than as PNG. */
async function toWebP(page: Page, png: Buffer): Promise<Buffer> {
  const packed = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = Object.assign(document.createElement('canvas'), {
      width: bitmap.width,
      height: bitmap.height,
    });
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
    return canvas.toDataURL('image/webp', 1);
  }, png.toString('base64'));
  await page.close();
  return Buffer.from(packed.slice(packed.indexOf(',') + 1), 'base64');
}

async function main(): Promise<void> {
  if (NO_BROWSER !== undefined) throw new Error(NO_BROWSER);
  const folder = await mkdtemp(join(tmpdir(), 'screenshots-'));
  const browser = await startBrowser();
  try {
    const path = join(folder, 'page.html');
    await writePage(path);
    await mkdir(IMAGES, { recursive: true });
    for (const { name, trace: title, span, ...options } of SCREENSHOTS) {
      const page = await browser.open(options);
      await page.goto(pathToFileURL(path).href);
      await page.getByRole('navigation').getByRole('button', { name: title }).click();
      if (span !== undefined) await page.getByRole('treeitem', { name: span }).click();
      const image = await toWebP(await browser.open(), await page.screenshot());
      await writeFile(`${IMAGES}${name}.webp`, image);
      console.log(`wrote docs/images/${name}.webp, ${Math.ceil(image.length / 1000)} kB`);
    }
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
