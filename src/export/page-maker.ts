/** What makes pages, in a file of its own: only those load it who make one. */
export { pageDocument } from './page-document.ts';
export { writePage } from './page-file.ts';
export { view } from './view.ts';
