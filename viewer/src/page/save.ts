import { withEvaluations } from '../evaluations.ts';
import { otlpDocument } from '../otlp-document.ts';
import { fittingSpans, type PageParts, pageData, pageHtml } from '../page-document.ts';
import { store } from './state.ts';

/** What this page is made of. Read at the start, because rendering removes the script. */
const parts: PageParts = {
  // A saved page asks no server for spans.
  policy: (metaContent('Content-Security-Policy') ?? '').replace("connect-src 'self'; ", ''),
  script: document.currentScript?.textContent ?? '',
  style: document.querySelector('style')?.textContent ?? '',
};

function metaContent(name: string): string | undefined {
  return document.querySelector<HTMLMetaElement>(`meta[http-equiv="${name}"]`)?.content;
}

/** Saves some traces as a page like this one, without the address that this one has. */
export function savePage(ids: readonly string[]): void {
  const { spans, omitted } = store.spansOf(ids);
  const fitting = fittingSpans(spans);
  const name = ids.length === 1 ? fileName(ids[0]) : 'traces';
  saveFile(`${name}.html`, 'text/html', pageHtml(parts, pageData(fitting.spans, fitting.omitted + omitted)));
}

export function saveOtlp(id: string): void {
  const { spans } = store.spansOf([id]);
  saveFile(`${fileName(id)}.json`, 'application/json', otlpDocument(withEvaluations(spans)));
}

function fileName(id = ''): string {
  return `trace-${id.slice(0, 32).replace(/[^\w-]/g, '_')}`;
}

const DOWNLOAD_TIMEOUT_MS = 60_000;

function saveFile(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_TIMEOUT_MS);
}
