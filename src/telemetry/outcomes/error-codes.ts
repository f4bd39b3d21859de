/**
 * The words in the error codes of OpenAI, Azure, compatible servers, tools and Node, and in the names of the platform's
 * own `DOMException`s. A server may put anything into a code, even a key or a word of the prompt. So a code is recorded
 * only if it is an HTTP status, if it is listed below, or if it has two or more words that are all listed here. To add
 * a code, add its words.
 */
const WORDS: ReadonlySet<string> = setOf([
  'abort aborted above access active after ai allowed already altname api approval archived are arg',
  'array assertion audio authentication authorization authorized available bad balance base64 batch',
  'be below billing bio blocked body bounds budget buffer busy ca call cancelled capacity cert',
  'chain char character characters choice client clone close closed commit completed conflict',
  'connect connection constant constraint content context conversation country credit credits',
  'currently custom cyber data deactivated decimal decommissioned denied deployment deprecated',
  'depth destroyed down download duplicate empty encoding encrypted end engine entity enum',
  'environment err error event exceeded execution executor exhausted exists expired failed failure',
  'feature field file filter flex forbidden format found function gateway generation get grant',
  'handshake hard has header headers hostname hpe http http2 id idempotency image in incompatible',
  'incorrect inference info input insufficient integer internal invalid ip is issuer item json key',
  'language large leaf length limit line loading locally locked long maintenance many max mcp media',
  'method min misalignment mismatch mismatched missing mode model moderation module must network no',
  'not number object of operation or org organization out output overflow overloaded parameter',
  'parameters parse paused payload permission permissions policy premature previous project prompt',
  'properties protocol quota range rate reached readable ready region rejected req request requests',
  'required res residency resource response responsible restricted retry return revoked sandbox',
  'schema scope security self sent server service session signature signed size slow small socket',
  'special spend ssl starting state steerable store stream string subject subscription such',
  'supported suspended syntax tasks temporarily terms territory throttled throttling timeout tls to',
  'token tokens too tool training transcription turn type unable unauthorized unavailable und under',
  'unescaped unintelligible union unknown unprocessable unsupported untrusted url usage use user',
  'valid validate value vector verified verify version violation was websocket write wrong yet zero',
]);

/** The codes of one word that are recorded, and those of Node's DNS. Any other single word may come from the prompt. */
const CODES: ReadonlySet<string> = setOf([
  'forbidden overloaded timeout unauthorized Conflict Forbidden Timeout Unauthorized',
  'EACCES EADDRINUSE EADDRNOTAVAIL EAI_AGAIN EAI_FAIL EAI_MEMORY EAI_NODATA EAI_NONAME EBADF EBUSY',
  'ECANCELED ECONNABORTED ECONNREFUSED ECONNRESET EEXIST EHOSTDOWN EHOSTUNREACH EINTR EINVAL EISDIR',
  'ELOOP EMFILE ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS ENOENT ENOEXEC ENOMEM ENOSPC',
  'ENOSYS ENOTCONN ENOTDIR ENOTEMPTY ENOTFOUND ENOTSUP EPERM EPIPE EPROTO EROFS ESOCKETTIMEDOUT ESRCH',
  'ETIMEDOUT EXDEV',
]);

const MAX_CODE_LENGTH = 64;
/** `not_found`, `NOT_FOUND` or `NotFound`. */
const CODE = /^(?:[a-z\d_]+|[A-Z\d_]+|(?:[A-Z]+[a-z]+)+)$/;
const WORD_BORDER = /_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;

export function knownCode(code: unknown): string | undefined {
  if (typeof code !== 'string' || code.length > MAX_CODE_LENGTH) return undefined;
  return CODES.has(code) || /^[45]\d\d$/.test(code) || hasKnownWords(code) ? code : undefined;
}

function hasKnownWords(code: string): boolean {
  const words = CODE.test(code) ? code.split(WORD_BORDER) : [];
  return words.length > 1 && words.every((word) => WORDS.has(word.toLowerCase()));
}

function setOf(rows: readonly string[]): ReadonlySet<string> {
  return new Set(rows.flatMap((words) => words.split(' ')));
}
