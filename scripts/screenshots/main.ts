/**
 * Writes screenshots of the trace page in Chromium to docs/images/: the live page with the traces of several programs,
 * and the page of a program whose last call fails.
 *
 *     npm run screenshots
 *     npm run screenshots -- --review <folder>   each program at four widths, light and dark, for a review
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { HtmlTraceExporter } from 'opentelemetry-instrumentation-openai/export';
import type { Page } from 'playwright-core';
import { type Browser, NO_BROWSER, startBrowser } from '../../test/support/browser.ts';
import { startLivePage } from './live.ts';
import { runPrograms } from './programs.ts';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const LIVE_PORT = 4319;

interface Screenshot {
  readonly name: string;
  readonly live?: boolean;
  readonly dark?: boolean;
  readonly width: number;
  readonly height: number;
  /** The trace to open, and the span to select in it. */
  readonly trace: string;
  readonly span?: string;
}

const SCREENSHOTS: readonly Screenshot[] = [
  { name: 'page-light', live: true, width: 1600, height: 860, trace: 'conversation' },
  {
    name: 'page-dark',
    dark: true,
    width: 1440,
    height: 700,
    trace: 'answer ticket',
    span: 'chat gpt-4o RateLimitError',
  },
  { name: 'page-narrow', width: 420, height: 900, trace: 'tutoring session' },
];

/** The traces whose pages a newcomer should understand. */
const REVIEWED: readonly string[] = [
  'conversation',
  'tutoring session',
  'session',
  'find parcel',
  'answer ticket',
  'realtime',
];

/** Runs the programs, writes the page of their traces, and sends them to the live page. */
async function recordPrograms(path: string, liveAddress: string): Promise<void> {
  const sdk = new NodeSDK({
    serviceName: 'math-tutor',
    instrumentations: [new OpenAIInstrumentation({ captureMessageContent: 'SPAN_ONLY' })],
    spanProcessors: [
      new SimpleSpanProcessor({ exporter: new HtmlTraceExporter({ path }) }),
      new SimpleSpanProcessor({
        exporter: new OTLPTraceExporter({ url: new URL('/v1/traces', liveAddress).href }),
      }),
    ],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  await runPrograms();
  await sdk.shutdown();
}

/** Lets the browser convert an image to lossless WebP, which is far smaller than PNG. */
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

async function openTrace(
  browser: Browser,
  address: string,
  screenshot: Omit<Screenshot, 'name'>,
): Promise<Page> {
  const { trace: title, span, ...options } = screenshot;
  const page = await browser.open(options);
  await page.goto(address);
  await page
    .getByRole('navigation')
    .getByRole('button')
    .filter({ has: page.getByText(title, { exact: true }) })
    .first()
    .click();
  if (span !== undefined) await page.getByRole('treeitem', { name: span }).click();
  return page;
}

async function writeReview(browser: Browser, address: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const trace of REVIEWED)
    for (const width of [400, 1280, 1440, 1920])
      for (const dark of [false, true]) {
        const page = await openTrace(browser, address, { trace, width, height: 1000, dark });
        const name = `${trace.replaceAll(' ', '-')}-${width}-${dark ? 'dark' : 'light'}.png`;
        await writeFile(join(folder, name), await page.screenshot({ fullPage: true }));
        await page.close();
      }
  console.log(`wrote ${folder}`);
}

async function writeImages(browser: Browser, address: string, liveAddress: string): Promise<void> {
  await mkdir(IMAGES, { recursive: true });
  for (const { name, ...screenshot } of SCREENSHOTS) {
    const page = await openTrace(browser, screenshot.live ? liveAddress : address, screenshot);
    const image = await toWebP(await browser.open(), await page.screenshot());
    await page.close();
    await writeFile(`${IMAGES}${name}.webp`, image);
    console.log(`wrote docs/images/${name}.webp, ${Math.ceil(image.length / 1000)} kB`);
  }
}

async function main(): Promise<void> {
  if (NO_BROWSER !== undefined) throw new Error(NO_BROWSER);
  const { review } = parseArgs({ options: { review: { type: 'string' } } }).values;
  const folder = await mkdtemp(join(tmpdir(), 'screenshots-'));
  const live = await startLivePage(LIVE_PORT);
  const browser = await startBrowser();
  try {
    const path = join(folder, 'page.html');
    await recordPrograms(path, live.address);
    const address = pathToFileURL(path).href;
    if (review === undefined) await writeImages(browser, address, live.address);
    else await writeReview(browser, address, review);
  } finally {
    await browser.close();
    live.close();
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
