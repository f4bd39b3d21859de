import { giveLesson } from './tutor.mjs';

await giveLesson((who, text) => console.log(`${who}: ${text}`));
