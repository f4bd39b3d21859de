/** The script and the style of the page. The build makes them from `page/` (`scripts/page/assets.ts`). */
export declare const PAGE_SCRIPT: string;
export declare const PAGE_STYLE: string;
