/** Everything that creates pages. It is loaded only where a page is created. */
export { pageDocument } from './page-document.ts';
export { writePage } from './page-file.ts';
export { view } from './view.ts';
