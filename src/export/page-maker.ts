/** Everything that creates pages. It is loaded only where a page is created. */
export { livePageDocument, pageDocument } from './page-document.ts';
export { writePage } from './page-file.ts';
export { isUtf16, readWhole, viewText } from './read-file.ts';
export { view } from './view.ts';
